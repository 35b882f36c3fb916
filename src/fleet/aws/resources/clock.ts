/** Time, handed down so that a test has its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back at that time; gives what calls it off. */
  at(time: number, call: () => void): () => void;
}

export function createClock(now: () => number): Clock {
  return {
    now,
    at(time, call) {
      const timer = setTimeout(call, Math.max(0, time - now()));
      return () => clearTimeout(timer);
    },
  };
}

/** A signal that is aborted with `reason` at this time. */
export function endAt(
  clock: Clock,
  time: number,
  reason: unknown,
): { readonly signal: AbortSignal } & Disposable {
  const ending = new AbortController();
  const callOff = clock.at(time, () => ending.abort(reason));
  return { signal: ending.signal, [Symbol.dispose]: callOff };
}
