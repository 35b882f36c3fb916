import { median, type Sample } from './measure';
import { ours, type Scenario } from './scenarios';

interface Measured {
  readonly date: Date;
  readonly rounds: number;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly scenarios: readonly Scenario[];
  readonly plots: readonly string[];
}

/** Puts the measured part into docs/benchmarks.md. What stands before and after it is written by hand. */
export function toDocument(document: string, measured: Measured): string {
  const block = /(?<=^<!-- measured -->\n).*(?=^<!-- \/measured -->$)/ms;
  if (!block.test(document)) throw new Error('docs/benchmarks.md has no line "<!-- measured -->"');
  return document.replace(block, () => toMeasuredPart(measured));
}

function toMeasuredPart({ date, rounds, machine, versions, scenarios, plots }: Measured): string {
  return `
Measured by \`npm run bench\` on ${date.toISOString().slice(0, 10)}: ${machine}; ${versions.join('; ')}. All ways of a scenario run in
turn, ${rounds} times each (the first mirror at most 5 times), from the same state. The tables give medians, and ratios to the
way of the bound.

${scenarios.map(toSection).join('\n')}
## Plots

${plots.map((name) => `![Seconds against ${name.replace('-', ' ')}](benchmarks-${name}.svg)`).join('\n\n')}

`;
}

/** One scenario of that document. */
export function toSection({ title, text, baseline, bound, samples }: Scenario): string {
  const base = toSeconds(samples.get(baseline) ?? []);
  const rows = [...samples].map(([name, runs]) => {
    const seconds = toSeconds(runs);
    return `| ${name} | ${seconds.toFixed(3)} | ${(seconds / base).toFixed(2)} |`;
  });
  const ratio = toSeconds(samples.get(ours) ?? []) / base;
  const verdict = ratio <= bound ? 'met' : 'not met';
  return `## ${title}

${text}

| way | seconds | ratio |
| --- | --- | --- |
${rows.join('\n')}

Bound: at most ${bound} × ${baseline}: ${verdict}.${toOwnCost(samples.get(ours) ?? [])}
`;
}

function toSeconds(samples: readonly Sample[]): number {
  return median(samples.map(({ seconds }) => seconds));
}

/** What the program says of itself with DEBUG. */
function toOwnCost(samples: readonly Sample[]): string {
  const found = samples.flatMap(({ output }) => {
    const [, cpu, memory] = /own CPU time ([\d.]+) s, own peak memory (\d+) MiB/.exec(output) ?? [];
    return cpu === undefined ? [] : [{ cpu: Number(cpu), memory: Number(memory) }];
  });
  if (found.length === 0) return '';
  const cpu = median(found.map((each) => each.cpu));
  const memory = median(found.map((each) => each.memory));
  return ` Our own process took ${Math.round(cpu * 1_000)} ms of CPU time and ${memory} MiB of memory.`;
}
