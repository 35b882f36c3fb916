import { execFile } from 'node:child_process';

/** One timed run. */
export interface Sample {
  readonly seconds: number;
  readonly output: string;
}

/** One of several ways to the same end. */
export interface Contestant {
  readonly name: string;
  readonly run: () => Promise<Sample>;
}

/** Runs a shell script to its end. Throws when it fails: who fails has no time. */
export function time(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Sample> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, maxBuffer: 1 << 28 };
    execFile('/bin/sh', ['-ec', script], options, (error, stdout, stderr) => {
      const output = stdout + stderr;
      if (error === null) resolve({ seconds: (performance.now() - begin) / 1_000, output });
      else reject(new Error(`${script}\n${output.slice(-2_000)}`));
    });
  });
}

/**
 * Runs all contestants in turn, so often, each from the same state, which `reset` makes before each run. Gives their
 * samples by name. Every other round goes backwards, so that nobody always comes first.
 */
export async function measure(
  contestants: readonly Contestant[],
  rounds: number,
  reset: () => Promise<void>,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of round % 2 === 0 ? contestants : contestants.toReversed()) {
      await reset();
      samples.get(name)?.push(await run());
    }
  }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] =
    sorted.length % 2 === 0 ? sorted.slice(middle - 1) : [sorted[middle], sorted[middle]];
  return (low + high) / 2;
}
