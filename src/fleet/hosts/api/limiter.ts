import { setTimeout as sleep } from 'node:timers/promises';
import { toStopError } from '../../../system/errors';

/** Time, handed down so that nothing has to wait for the real one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Fulfilled after so many milliseconds; rejected when the signal is aborted. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  wait: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

/** Waits; throws MirrorError when the program is asked to stop. */
export async function pause(milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw toStopError(signal.reason);
  if (milliseconds <= 0) return;
  try {
    await clock.wait(milliseconds, signal);
  } catch (error) {
    if (signal.aborted) throw toStopError(signal.reason);
    throw error;
  }
}

/** What all users of one host share: so many requests at once. */
export interface Limiter {
  /** Does `work` when fewer than the allowed number are at it; first come, first served. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface Limiters {
  /** The limiter of a host, by its authority. */
  of(authority: string): Limiter;
}

/** Limiters for one process. `atOnce` is the number of requests that a host gets at the same time. */
export function createLimiters(atOnce = 4): Limiters {
  const limiters = new Map<string, Limiter>();
  return {
    of(authority) {
      const limiter = limiters.get(authority) ?? createLimiter(atOnce);
      limiters.set(authority, limiter);
      return limiter;
    },
  };
}

function createLimiter(atOnce: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];
  const leave = () => {
    running -= 1;
    waiting.shift()?.();
  };
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(toStopError(signal.reason));
      const begin = () => {
        signal.removeEventListener('abort', give);
        running += 1;
        resolve();
      };
      const give = () => {
        waiting.splice(waiting.indexOf(begin), 1);
        reject(toStopError(signal.reason));
      };
      if (running < atOnce) return begin();
      waiting.push(begin);
      signal.addEventListener('abort', give, { once: true });
    });
  return {
    async run(signal, work) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
