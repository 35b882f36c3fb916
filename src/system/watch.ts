import { outputTooLong, timedOut } from './errors';

/** Sees to it that a program neither falls silent for good nor fills our memory. */
export interface Watch {
  /** Aborted when the command must be ended: with the MirrorError to throw, or as the run itself was. */
  readonly signal: AbortSignal;
  /** Tells of a piece of output, and what it says where that is standard error. */
  see(chunk: Buffer, stderr: string): void;
  end(): void;
}

/** How long a command may be silent and how much it may write; without one of them, as long or as much as it likes. */
export interface WatchLimits {
  /** Milliseconds; where that depends on what the command is at: on what it wrote last to standard error. */
  readonly stall?: number | ((stderr: string) => number) | undefined;
  /** Standard output and standard error together. */
  readonly bytes?: number | undefined;
}

/** `stop` ends every command of the run. It outlives them all, so what listens to it goes with `end`. */
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
