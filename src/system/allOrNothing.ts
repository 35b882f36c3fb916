/** Starts work that ends, in time, when its signal is aborted. */
type Work<T> = (signal: AbortSignal) => Promise<T>;

/**
 * Does several things at once. When one fails, the others are stopped; and all have ended, with the programs that they
 * started, before this does. Throws what failed first.
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
