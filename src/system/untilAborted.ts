import { toStopError } from './errors';

/** Waits for something that may take long, and ends by itself. Throws MirrorError as soon as `signal` is aborted. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const ending = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(toStopError(signal.reason));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { signal: ending.signal });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    ending.abort();
  }
}
