import type { Stopwatch } from '../system/context';

/** `now` returns milliseconds. */
export function createStopwatch(now: () => number): Stopwatch {
  const begin = now();
  const milliseconds: Record<string, number> = {};
  return {
    async time(stage, work) {
      const start = now();
      try {
        return await work();
      } finally {
        milliseconds[stage] = (milliseconds[stage] ?? 0) + now() - start;
      }
    },
    read() {
      const all = { ...milliseconds, total: now() - begin };
      return Object.fromEntries(
        Object.entries(all).map(([stage, value]) => [stage, Math.round(value) / 1_000]),
      );
    },
  };
}
