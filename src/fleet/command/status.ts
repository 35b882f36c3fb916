import { toGlobTest } from '../../plan/glob';
import type { MirrorConfiguration } from '../configuration/configuration';
import type { MirrorState, RepositoryState } from '../state/repositoryState';
import type { FleetStore } from '../state/store';
import { toColumns, toCounts } from './table';

/** What is known of one mirror of mirrors.yaml. */
interface Known {
  readonly name: string;
  readonly mirror: MirrorState | undefined;
  readonly repositories: readonly RepositoryState[];
}

/** Prints the last known state of every repository. Gives the exit code. */
export async function tellStatus(
  { mirrors }: { readonly mirrors: readonly Pick<MirrorConfiguration, 'name'>[] },
  store: FleetStore,
  names: readonly string[],
  write: (text: string) => void,
  json: boolean,
): Promise<number> {
  const known = await Promise.all(mirrors.map(({ name }) => readKnown(name, store, names)));
  const states = known.flatMap(({ repositories }) => repositories);
  if (json) write(`${JSON.stringify({ version: 1, repositories: states }, undefined, 2)}\n`);
  else for (const each of known) write(toText(each));
  if (!json) write(toSummary(states));
  const hasProblem = known.some(({ mirror }) => mirror?.problem !== undefined);
  return hasProblem || states.some(isBad) ? 1 : 0;
}

async function readKnown(name: string, store: FleetStore, names: readonly string[]): Promise<Known> {
  const tests = names.map(toGlobTest);
  const isNamed = ({ mirror, path, destination = '' }: RepositoryState) =>
    tests.length === 0 || tests.some((test) => test(mirror) || test(path) || test(destination));
  const repositories = (await store.readRepositories(name)).filter(isNamed);
  return {
    name,
    mirror: await store.readMirror(name),
    repositories: [...repositories].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

function toText({ name, mirror, repositories }: Known): string {
  const listed = mirror?.listedAt === undefined ? 'never listed' : `listed ${toTime(mirror.listedAt)}`;
  const { problem } = mirror ?? {};
  const failure = problem === undefined ? [] : [`  ✖ ${problem.message}`, `    ${problem.remedy}`];
  const rows = toColumns(repositories.map(toRow)).map((line) => `  ${line}`);
  return [`${name}: ${listed}`, ...failure, ...rows].map((line) => `${line}\n`).join('');
}

function toSummary(states: readonly RepositoryState[]): string {
  const count = `${states.length} ${states.length === 1 ? 'repository' : 'repositories'}`;
  return `${count}${states.length === 0 ? '' : `: ${toCounts(states.map(({ state }) => state))}`}.\n`;
}

function isBad({ state }: RepositoryState): boolean {
  return state === 'failing' || state === 'blocked';
}

function toRow(known: RepositoryState): string[] {
  const { state, path, destination = '', verifiedAt, problem, isPaused } = known;
  const verified = verifiedAt === undefined ? 'never verified' : `verified ${toTime(verifiedAt)}`;
  return [
    isBad(known) ? '✖' : ' ',
    isPaused ? `${state}, paused` : state,
    path,
    `→ ${destination}`,
    verified,
    problem?.message ?? '',
  ];
}

/** UTC, to the second. */
function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
