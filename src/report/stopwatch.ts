/** Where the time of a run goes, stage by stage, and how often it connects. */
export interface Stopwatch {
  /** Runs a stage and adds its time to that name. */
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Notes a connection to the destination. */
  countConnection(): void;
  connections(): number;
  /** Seconds by stage, and `total` since the stopwatch was made. */
  read(): Readonly<Record<string, number>>;
}

/** `now` gives milliseconds. */
export function createStopwatch(now: () => number): Stopwatch {
  const begin = now();
  const milliseconds: Record<string, number> = {};
  let connections = 0;
  return {
    countConnection() {
      connections++;
    },
    connections: () => connections,
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
