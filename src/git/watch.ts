import { timedOut } from '../errors';
import { outputTooLong } from './errors';

/** Sees to it that a git command neither falls silent for good nor fills our memory. */
export interface Watch {
  /** Aborted, with the MirrorError to throw, when the command must be ended. */
  readonly signal: AbortSignal;
  /** Tells of a piece of output, and what it says where that is standard error. */
  see(chunk: Buffer, stderr: string): void;
  end(): void;
}

/**
 * What a listing may have, standard error included: about 12 million refs. They go to the disk as they come; but a
 * server decides how much it lists and says, so somebody must set a limit.
 */
export const listingBytes = 2 ** 30;

/**
 * `stall` gives the milliseconds of silence that are too many; undefined where a command may think for ever.
 * `bytesAtMost` is for standard output and standard error together.
 */
export function createWatch(
  command: string,
  stall: number | ((stderr: string) => number) | undefined,
  bytesAtMost: number,
): Watch {
  const controller = new AbortController();
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  function wait(stderr: string) {
    if (stall === undefined) return;
    clearTimeout(timer);
    const milliseconds = typeof stall === 'number' ? stall : stall(stderr);
    timer = setTimeout(() => controller.abort(timedOut(command)), milliseconds);
  }
  wait('');
  return {
    signal: controller.signal,
    see(chunk, stderr) {
      bytes += chunk.length;
      if (bytes > bytesAtMost) controller.abort(outputTooLong(command, bytesAtMost));
      wait(stderr);
    },
    end: () => clearTimeout(timer),
  };
}

/** For what may take its time, and whose output is not gathered. */
export const unwatched: Watch = {
  signal: new AbortController().signal,
  see: () => undefined,
  end: () => undefined,
};
