import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { toDocument, toSection } from './document';
import { median } from './measure';
import { type Series, toPlot } from './plot';
import {
  firstMirror,
  manyRefs,
  nothingToDo,
  oneCommit,
  oneCommitOfMany,
  ours,
  type Scenario,
  start,
} from './scenarios';

/** Each way is run so often in each scenario. */
const rounds = Number(process.argv[2] ?? 7);

/** With the numbers of scenarios (`1,3`) these alone are run, and their sections printed in place of the document. */
const only = process.argv[3]?.split(',');

/** The first mirror takes the longest. */
const fewer = Math.min(rounds, 5);

async function run(work: Promise<Scenario>): Promise<Scenario> {
  const scenario = await work;
  process.stdout.write(`${scenario.title}\n`);
  for (const [name, samples] of scenario.samples)
    process.stdout.write(`  ${median(samples.map(({ seconds }) => seconds)).toFixed(3)} s  ${name}\n`);
  return scenario;
}

/** The medians of one scenario at several sizes, as lines of a plot. */
async function readSeries(
  sizes: readonly number[],
  at: (size: number) => Promise<Scenario>,
): Promise<Series[]> {
  const points = new Map<string, [number, number][]>();
  for (const size of sizes) {
    for (const [name, samples] of (await run(at(size))).samples) {
      const line = points.get(name) ?? [];
      line.push([size, median(samples.map(({ seconds }) => seconds))]);
      points.set(name, line);
    }
  }
  return [...points].map(([name, line]) => ({ name, points: line, isOurs: name === ours }));
}

const works = [
  ...(['ssh', 'https'] as const).flatMap((protocol) => [
    () => nothingToDo(protocol, 0, rounds),
    () => nothingToDo(protocol, 80, rounds),
    () => oneCommit(protocol, 80, rounds),
    () => oneCommitOfMany(protocol, 1_000, { commits: 50_000, bytes: 2_000 }, 80, rounds),
    () => firstMirror(protocol, { branches: 20, tags: 20, commits: 50_000, bytes: 2_000 }, fewer),
    () => manyRefs(protocol, 20_000, 100, rounds),
  ]),
  () => start(rounds),
];
const scenarios: Scenario[] = [];
for (const [index, work] of works.entries())
  if (only?.includes(String(index + 1)) ?? true) scenarios.push(await run(work()));
if (only !== undefined) {
  process.stdout.write(scenarios.map(toSection).join('\n'));
  process.exit();
}

const few = Math.min(rounds, 3);
const plots = {
  refs: toPlot({
    title: 'One new commit, REFS: all',
    x: 'branches',
    series: await readSeries([100, 1_000, 5_000], (branches) =>
      oneCommitOfMany('ssh', branches, { commits: 2_000, bytes: 200 }, 0, few),
    ),
  }),
  history: toPlot({
    title: 'First mirror',
    x: 'commits',
    series: await readSeries([1_000, 5_000, 20_000], (commits) =>
      firstMirror('ssh', { branches: 20, tags: 20, commits, bytes: 500 }, few),
    ),
  }),
  'round-trip': toPlot({
    title: 'One new commit, one branch',
    x: 'milliseconds of round trip',
    series: await readSeries([0, 40, 80, 160], (roundTrip) => oneCommit('ssh', roundTrip, few)),
  }),
};
for (const [name, svg] of Object.entries(plots)) writeFileSync(`docs/benchmarks-${name}.svg`, svg);

const version = (program: string, flag: string) =>
  execFileSync('sh', ['-c', `${program} ${flag} 2>&1`], { encoding: 'utf8' }).trim();
const page = 'docs/benchmarks.md';
writeFileSync(
  page,
  toDocument(readFileSync(page, 'utf8'), {
    date: new Date(),
    rounds,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
    versions: [`Node.js ${process.version}`, version('git', '--version'), version('ssh', '-V')],
    scenarios,
    plots: Object.keys(plots),
  }),
);
