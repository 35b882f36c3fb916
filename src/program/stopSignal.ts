import { type StopSignal, stopSignals, toSignalExitCode } from '../system/signals';
import { removeFoldersNow } from '../system/temporaryFolder';

/** What of the process a stop signal needs. */
export interface SignalSource {
  on(signal: StopSignal, listener: (name: StopSignal) => void): unknown;
  exit(code: number): unknown;
}

/** npm, and shells, pass on a signal that the terminal has sent to the whole group: the same one comes twice. */
const sameSignalMilliseconds = 1_000;

/**
 * An abort signal that carries the name of the signal which Pipelines, or a person, ends the program with. When a
 * second one comes later, cleaning up takes too long for somebody: the folders are removed at once, and the program
 * ends. `now` gives milliseconds.
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
