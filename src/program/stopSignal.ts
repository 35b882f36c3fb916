import { type StopSignal, stopSignals, toSignalExitCode } from '../system/signals';
import { removeFoldersNow } from '../system/temporaryFolder';

/** The parts of the process that a stop signal needs. */
export interface SignalSource {
  on(signal: StopSignal, listener: (name: StopSignal) => void): unknown;
  exit(code: number): unknown;
}

/** npm and shells forward a signal that the terminal has sent to the whole group, so the same signal arrives twice. */
const sameSignalMilliseconds = 1_000;

/**
 * An abort signal with the name of the signal that stops the program. A second signal, later, means that cleaning up
 * takes too long: temporary folders are removed immediately, and the program exits. `now` returns milliseconds.
 */
export function createStopSignal(source: SignalSource, now = () => performance.now()): AbortSignal {
  const controller = new AbortController();
  let stoppedAt = 0;
  for (const name of stopSignals)
    source.on(name, () => {
      if (!controller.signal.aborted) {
        stoppedAt = now();
        controller.abort(name);
      } else if (now() - stoppedAt > sameSignalMilliseconds) {
        removeFoldersNow();
        source.exit(toSignalExitCode(name));
      }
    });
  return controller.signal;
}
