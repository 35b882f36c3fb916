import { describe, test } from 'vitest';
import { git } from '../servers/git';
import { type Case, runCase } from './cases';
import { growSource, type Revisions } from './scene';
import { describeServers } from './servers';
import { allServerNames, type World } from './world';

/** The usual scene, and a branch with all that git allows in a name and a shell would trip over. */
async function growOdd(world: World): Promise<void> {
  await growSource(world);
  await git(world.source, 'branch', oddName, 'main~1');
}

const oddName = "fix/ünicode-#1+$HOME&'x%41;(y)";

/** A branch with all of main in it, ahead of it; and so its clone has a depth of 50 below its tip. */
const kinds = [
  { kind: 'a branch', clone: { kind: 'branch', branch: 'main' }, ref: 'heads/main' },
  {
    kind: 'a branch with a slash',
    clone: { kind: 'branch', branch: 'feature/one' },
    ref: 'heads/feature/one',
  },
  { kind: 'a branch with an odd name', clone: { kind: 'branch', branch: oddName }, ref: `heads/${oddName}` },
  { kind: 'a light tag', clone: { kind: 'tag', tag: 'light' }, ref: 'tags/light' },
  { kind: 'an annotated tag', clone: { kind: 'tag', tag: 'v1' }, ref: 'tags/v1' },
  {
    kind: 'a pull request',
    clone: { kind: 'pull-request', branch: 'feature/one', destination: 'main' },
    ref: 'heads/feature/one',
  },
  {
    kind: 'an older commit than the tip',
    clone: { kind: 'branch', branch: 'main', commit: 'refs/heads/main~4' },
    ref: 'heads/main',
  },
] as const;

/** What the destination has before the run. */
interface Before {
  readonly before: string;
  readonly there: Revisions;
}

/** Nothing, and what lies within each clone's depth. */
const befores: readonly Before[] = [
  { before: 'nothing', there: {} },
  {
    before: 'a commit of the clone',
    there: { 'heads/main': 'heads/main~10', 'heads/feature/one': 'heads/feature/one~4' },
  },
];

const below: Before = {
  before: 'a commit below the clone',
  there: { 'heads/main': 'heads/main~66', 'heads/feature/one': 'heads/main~68', 'tags/v0': 'tags/v0' },
};

/** How the clone was made; `depth` is the option of git clone. */
interface Depth {
  readonly depth: 50 | 'full';
  readonly clone: string;
}

const pipelinesDepth: Depth = { depth: 50, clone: 'a clone of depth 50' };
const full: Depth = { depth: 'full', clone: 'a full clone' };

function toCases({ depth, clone }: Depth, states: readonly Before[]): Case[] {
  return kinds.flatMap((run) =>
    states.map(
      ({ before, there }): Case => ({
        title: `${run.kind}, ${clone}, ${before} at the destination`,
        source: growOdd,
        clone: { ...run.clone, depth },
        there,
        says: /✔\S* Mirrored: /,
        fetches: depth === 50 && before !== 'a commit of the clone',
        after: { ...there, [run.ref]: run.ref },
      }),
    ),
  );
}

describeServers(allServerNames, 'REFS current over %s: the run of', (server) => {
  for (const expected of toCases(pipelinesDepth, [below]))
    test(expected.title, () => runCase(server, expected));
  for (const expected of toCases(pipelinesDepth, befores))
    test(expected.title, { tags: ['slow'] }, () => runCase(server, expected));
});

// A server sees nothing of how the clone was made: one of them gets the full clones.
describe('REFS current over sandbox: the run of', { tags: ['slow'] }, () => {
  for (const expected of toCases(full, [...befores, below]))
    test(expected.title, () => runCase('sandbox', expected));
});
