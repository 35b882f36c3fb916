import { outputTooLong, timedOut } from './errors';

/** Stops a program that is silent too long or writes too much. */
export interface Watch {
  /**
   * Aborted when the command must be stopped: with the MirrorError to throw, or with the reason of the run's own
   * signal.
   */
  readonly signal: AbortSignal;
  /** Reports a piece of output; `stderr` is its text if it is standard error. */
  see(chunk: Buffer, stderr: string): void;
  end(): void;
}

/** The limits for silence and output of a command. No limit if undefined. */
export interface WatchLimits {
  /** Milliseconds; as a function if they depend on the stage, which the last text on standard error shows. */
  readonly stall?: number | ((stderr: string) => number) | undefined;
  /** Standard output and standard error together. */
  readonly bytes?: number | undefined;
}

/** `stop` stops every command of the run. It outlives them, so `end` removes the listener. */
export function createWatch(
  command: string,
  { stall, bytes: bytesAtMost = Number.POSITIVE_INFINITY }: WatchLimits,
  stop: AbortSignal,
): Watch {
  const controller = new AbortController();
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const pass = () => controller.abort(stop.reason);
  function wait(stderr: string) {
    if (stall === undefined) return;
    clearTimeout(timer);
    const milliseconds = typeof stall === 'number' ? stall : stall(stderr);
    timer = setTimeout(() => controller.abort(timedOut(command)), milliseconds);
  }
  if (stop.aborted) pass();
  stop.addEventListener('abort', pass);
  wait('');
  return {
    signal: controller.signal,
    see(chunk, stderr) {
      bytes += chunk.length;
      if (bytes > bytesAtMost) controller.abort(outputTooLong(command, bytesAtMost));
      wait(stderr);
    },
    end() {
      clearTimeout(timer);
      stop.removeEventListener('abort', pass);
    },
  };
}
