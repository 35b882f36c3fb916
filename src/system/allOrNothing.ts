/** Starts work that ends soon after its signal is aborted. */
type Work<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Does several things in parallel. If one fails, the others are stopped. When this returns or throws, all have ended,
 * including their child processes. Throws the first error.
 */
export async function allOrNothing<T extends readonly unknown[]>(
  works: { readonly [K in keyof T]: Work<T[K]> },
): Promise<T> {
  const stop = new AbortController();
  const running = works.map((work) => work(stop.signal));
  try {
    return (await Promise.all(running)) as unknown as T;
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    await Promise.allSettled(running);
  }
}
