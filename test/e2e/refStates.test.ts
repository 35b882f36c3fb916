import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  createObjects,
  type Oids,
  pushRefs,
  type RefState,
  type Refs,
  readNamedRefs,
  setSymrefs,
  setUpServer,
} from './refStates';
import { describeServers, testCases } from './servers';
import { openWorld, type ServerName, serverNames } from './world';

const main = 'refs/heads/main';
const force = { FORCE: 'true' };
const prune = { PRUNE: 'true' };
const backup = { BACKUP: 'true' };
const manyTags = (object: string): Refs =>
  Object.fromEntries(Array.from({ length: 4_100 }, (_, index) => [`refs/tags/t${index}`, object]));
const slice = (name: string) => `refs/tags/codecommit-mirror-slice/${name}`;

const states: readonly RefState[] = [
  {
    title: 'an empty source: nothing is pruned, for an empty repository is not mirrored',
    source: {},
    destination: { [main]: 'a', 'refs/tags/v1': 'a' },
    variables: prune,
    exitCode: 1,
    says: '[source-empty]',
  },
  {
    title: 'a source with refs of other kinds alone is an empty one',
    source: { 'refs/pull/1/head': 'a' },
    destination: { [main]: 'a' },
    variables: prune,
    exitCode: 1,
    says: '[source-empty]',
  },
  {
    title: 'an empty destination gets every branch and tag',
    source: { [main]: 'b', 'refs/heads/side': 'side', 'refs/tags/v1': 'tag-a', 'refs/tags/light': 'a' },
    destination: {},
    after: { [main]: 'b', 'refs/heads/side': 'side', 'refs/tags/v1': 'tag-a', 'refs/tags/light': 'a' },
  },
  {
    title: 'an empty destination, and a HEAD at the source that names no branch',
    source: { [main]: 'b' },
    sourceSymrefs: { HEAD: 'refs/heads/unborn' },
    destination: {},
    after: { [main]: 'b' },
  },
  {
    title: 'both equal: nothing is done',
    source: { [main]: 'b', 'refs/tags/v1': 'tag-a' },
    destination: { [main]: 'b', 'refs/tags/v1': 'tag-a' },
    says: 'Nothing to do: 1 branch and 1 tag are equal',
  },
  {
    title: 'branches ahead, equal and new at once',
    source: { [main]: 'c', 'refs/heads/same': 'b', 'refs/heads/new': 'side' },
    destination: { [main]: 'a', 'refs/heads/same': 'b' },
    after: { [main]: 'c', 'refs/heads/same': 'b', 'refs/heads/new': 'side' },
  },
  {
    title: 'a branch merged at the source, fast-forward through the second parent',
    source: { [main]: 'merge' },
    destination: { [main]: 'side' },
    after: { [main]: 'merge' },
  },
  {
    title: 'an unmerged branch that the source deleted is kept without PRUNE',
    source: { [main]: 'b' },
    destination: { [main]: 'a', 'refs/heads/unmerged': 'side' },
    after: { [main]: 'b', 'refs/heads/unmerged': 'side' },
    says: 'Only at the destination, kept (PRUNE is false): unmerged',
  },
  {
    title: 'an unmerged branch that the source deleted goes with PRUNE',
    source: { [main]: 'b' },
    destination: { [main]: 'a', 'refs/heads/unmerged': 'side' },
    variables: prune,
    after: { [main]: 'b' },
  },
  {
    title: 'a branch with commits that the source has not is kept, the others go through',
    source: { [main]: 'b', 'refs/heads/x': 'b' },
    destination: { [main]: 'a', 'refs/heads/x': 'side' },
    after: { [main]: 'b', 'refs/heads/x': 'side' },
    exitCode: 1,
    says: '[ref-diverged]',
  },
  {
    title: 'a destination that is ahead of the source has diverged',
    source: { [main]: 'a' },
    destination: { [main]: 'c' },
    exitCode: 1,
    says: '[ref-diverged]',
  },
  {
    title: 'a rewritten branch, even to another root, is replaced with FORCE',
    source: { [main]: 'root', 'refs/heads/x': 'side' },
    destination: { [main]: 'c', 'refs/heads/x': 'b' },
    variables: force,
    after: { [main]: 'root', 'refs/heads/x': 'side' },
  },
  {
    title: 'a → a/b with PRUNE',
    source: { [main]: 'a', 'refs/heads/a/b': 'b' },
    destination: { [main]: 'a', 'refs/heads/a': 'side' },
    variables: prune,
    after: { [main]: 'a', 'refs/heads/a/b': 'b' },
  },
  {
    title: 'a/b and a/c → a with PRUNE',
    source: { [main]: 'a', 'refs/heads/a': 'b' },
    destination: { [main]: 'a', 'refs/heads/a/b': 'side', 'refs/heads/a/c': 'b' },
    variables: prune,
    after: { [main]: 'a', 'refs/heads/a': 'b' },
  },
  {
    title: 'tags: v → v/1 with PRUNE, and BACKUP of what was in the way',
    source: { [main]: 'a', 'refs/tags/v/1': 'tag-b' },
    destination: { [main]: 'a', 'refs/tags/v': 'tag-a' },
    variables: { ...prune, ...backup },
    after: {
      [main]: 'a',
      'refs/tags/v/1': 'tag-b',
      'refs/heads/mirror-backup/<time>/tags/v': 'a',
      'refs/tags/mirror-backup/<time>/tags/v': 'tag-a',
    },
  },
  {
    title: 'a → a/b without PRUNE: declined by name, the others go through',
    source: { [main]: 'b', 'refs/heads/a/b': 'b' },
    destination: { [main]: 'a', 'refs/heads/a': 'side' },
    after: { [main]: 'b', 'refs/heads/a': 'side' },
    exitCode: 1,
    says: 'branch a/b',
  },
  {
    title: 'a tag and a branch of one name are two refs',
    source: { [main]: 'a', 'refs/heads/v1': 'c', 'refs/tags/v1': 'tag-a' },
    destination: { [main]: 'a', 'refs/heads/v1': 'a' },
    after: { [main]: 'a', 'refs/heads/v1': 'c', 'refs/tags/v1': 'tag-a' },
  },
  {
    title: 'of a tag and a branch of one name, PRUNE deletes the one that is gone',
    source: { [main]: 'a', 'refs/tags/v1': 'tag-a' },
    destination: { [main]: 'a', 'refs/heads/v1': 'b', 'refs/tags/v1': 'tag-a' },
    variables: prune,
    after: { [main]: 'a', 'refs/tags/v1': 'tag-a' },
  },
  {
    title: "the source's HEAD is no ref of its own, and no branch HEAD is made",
    source: { [main]: 'b', 'refs/heads/trunk': 'c' },
    sourceSymrefs: { HEAD: 'refs/heads/trunk' },
    destination: { [main]: 'a' },
    after: { [main]: 'b', 'refs/heads/trunk': 'c' },
  },
  {
    title:
      'a symbolic branch of the source is mirrored as the branch that it shows; a dangling one is not there',
    source: { [main]: 'b' },
    sourceSymrefs: { 'refs/heads/alias': main, 'refs/heads/dangling': 'refs/heads/nowhere' },
    destination: { [main]: 'a' },
    after: { [main]: 'b', 'refs/heads/alias': 'b' },
  },
  {
    title: 'a symbolic branch of the destination follows its branch',
    source: { [main]: 'b', 'refs/heads/alias': 'b' },
    destination: { [main]: 'a' },
    destinationSymrefs: { 'refs/heads/alias': main },
    after: { [main]: 'b', 'refs/heads/alias': 'b' },
  },
  {
    title: 'a branch that somebody moved after we looked is left as they made it, the others go through',
    source: { [main]: 'b', 'refs/heads/x': 'b' },
    destination: { [main]: 'a', 'refs/heads/x': 'a', 'refs/heads/rival': 'side' },
    rival: { ref: 'refs/heads/x', object: 'side' },
    after: { [main]: 'b', 'refs/heads/x': 'side', 'refs/heads/rival': 'side' },
    exitCode: 1,
    says: '[ref-diverged]',
  },
  {
    title:
      'a branch that somebody made after we looked is seen, and kept by BACKUP, before FORCE replaces it',
    source: { [main]: 'b', 'refs/heads/x': 'b' },
    destination: { [main]: 'a', 'refs/heads/rival': 'side' },
    rival: { ref: 'refs/heads/x', object: 'side' },
    variables: { ...force, ...backup },
    after: {
      [main]: 'b',
      'refs/heads/x': 'b',
      'refs/heads/rival': 'side',
      'refs/heads/mirror-backup/<time>/heads/x': 'side',
    },
    says: 'refs/heads/x changed at the destination during the push. Trying again',
  },
  {
    title: 'the default branch, deleted at the source: kept and named, the other deletions are made',
    source: { 'refs/heads/trunk': 'b' },
    sourceSymrefs: { HEAD: 'refs/heads/trunk' },
    destination: { [main]: 'a', 'refs/heads/old': 'side', 'refs/heads/trunk': 'a' },
    variables: prune,
    after: { [main]: 'a', 'refs/heads/trunk': 'b' },
    exitCode: 1,
    says: '[default-branch-kept]',
  },
  {
    title: 'the default branch, renamed at the source, is kept without PRUNE, and that is no fault',
    source: { 'refs/heads/trunk': 'b' },
    sourceSymrefs: { HEAD: 'refs/heads/trunk' },
    destination: { [main]: 'a' },
    after: { [main]: 'a', 'refs/heads/trunk': 'b' },
  },
  {
    title: 'moved tags, light and annotated, are kept and named without FORCE, even where they went forward',
    source: { [main]: 'b', 'refs/tags/light': 'b', 'refs/tags/v1': 'tag-b' },
    destination: { [main]: 'a', 'refs/tags/light': 'a', 'refs/tags/v1': 'tag-a' },
    after: { [main]: 'b', 'refs/tags/light': 'a', 'refs/tags/v1': 'tag-a' },
    exitCode: 1,
    says: 'the tag was moved on one side',
  },
  {
    title: 'moved tags, light to annotated and back, with FORCE',
    source: { [main]: 'b', 'refs/tags/light': 'tag-b', 'refs/tags/v1': 'b' },
    destination: { [main]: 'b', 'refs/tags/light': 'a', 'refs/tags/v1': 'tag-a' },
    variables: force,
    after: { [main]: 'b', 'refs/tags/light': 'tag-b', 'refs/tags/v1': 'b' },
  },
  {
    title: 'tags of a tag, a blob, a tree and a tagged blob',
    source: {
      [main]: 'a',
      'refs/tags/tag': 'tag-tag',
      'refs/tags/blob': 'blob',
      'refs/tags/tree': 'tree',
      'refs/tags/tagged': 'tag-blob',
    },
    destination: {},
    after: {
      [main]: 'a',
      'refs/tags/tag': 'tag-tag',
      'refs/tags/blob': 'blob',
      'refs/tags/tree': 'tree',
      'refs/tags/tagged': 'tag-blob',
    },
  },
  {
    title: 'such tags replaced with FORCE, and each of them kept by BACKUP',
    source: { [main]: 'a', 'refs/tags/blob': 'tree', 'refs/tags/tag': 'a', 'refs/tags/tagged': 'blob' },
    destination: {
      [main]: 'a',
      'refs/tags/blob': 'blob',
      'refs/tags/tag': 'tag-tag',
      'refs/tags/tagged': 'tag-blob',
    },
    variables: { ...force, ...backup },
    after: {
      [main]: 'a',
      'refs/tags/blob': 'tree',
      'refs/tags/tag': 'a',
      'refs/tags/tagged': 'blob',
      'refs/tags/mirror-backup/<time>/tags/blob': 'blob',
      'refs/heads/mirror-backup/<time>/tags/tag': 'a',
      'refs/tags/mirror-backup/<time>/tags/tag': 'tag-tag',
      'refs/tags/mirror-backup/<time>/tags/tagged': 'tag-blob',
    },
  },
  {
    title: 'refs of other kinds are left alone at both sides, PRUNE or not',
    source: { [main]: 'b', 'refs/notes/commits': 'b', 'refs/pull/1/head': 'c', 'refs/remotes/origin/x': 'c' },
    destination: { [main]: 'a', 'refs/notes/commits': 'a', 'refs/pull/2/head': 'a', 'refs/remotes/o/y': 'a' },
    variables: { ...prune, ...force },
    after: { [main]: 'b', 'refs/notes/commits': 'a', 'refs/pull/2/head': 'a', 'refs/remotes/o/y': 'a' },
  },
  {
    title: 'more than 4,000 new refs go in two pushes',
    slow: true,
    source: { [main]: 'b', ...manyTags('a') },
    destination: { [main]: 'a' },
    after: { [main]: 'b', ...manyTags('a') },
    says: '4100 new',
  },
  {
    title: 'more than 4,000 deletions, where PRUNE_LIMIT allows them',
    slow: true,
    source: { [main]: 'b' },
    destination: { [main]: 'a', ...manyTags('a') },
    variables: { ...prune, PRUNE_LIMIT: '4100' },
    after: { [main]: 'b' },
  },
  {
    title: 'more deletions than PRUNE_LIMIT: nothing at all is pushed',
    source: { [main]: 'b' },
    destination: { [main]: 'a', 'refs/heads/x': 'a', 'refs/tags/y': 'a' },
    variables: { ...prune, PRUNE_LIMIT: '1' },
    exitCode: 1,
    says: '[prune-limit]',
  },
  {
    title: 'INCLUDE with PRUNE: what it does not name is nobody else to delete',
    source: { [main]: 'b', 'refs/heads/release/2': 'b' },
    destination: { [main]: 'a', 'refs/heads/release/1': 'a', 'refs/heads/own': 'side' },
    variables: { ...prune, INCLUDE: 'release/*' },
    after: { [main]: 'a', 'refs/heads/release/2': 'b', 'refs/heads/own': 'side' },
  },
  {
    title: 'EXCLUDE with PRUNE: what it names is neither made nor deleted',
    source: { [main]: 'b', 'refs/heads/wip/1': 'b' },
    destination: { [main]: 'a', 'refs/heads/wip/2': 'side', 'refs/heads/old': 'a' },
    variables: { ...prune, EXCLUDE: 'wip/*' },
    after: { [main]: 'b', 'refs/heads/wip/2': 'side' },
  },
  {
    title: 'INCLUDE that matches nothing at the source: nothing is deleted',
    source: { [main]: 'b' },
    destination: { [main]: 'a', 'refs/heads/release/1': 'a' },
    variables: { ...prune, INCLUDE: 'release/*' },
    exitCode: 1,
    says: '[nothing-selected]',
  },
  {
    title: 'FORCE with BACKUP keeps the branch that is replaced',
    source: { [main]: 'side', 'refs/heads/x': 'b' },
    destination: { [main]: 'c', 'refs/heads/x': 'a' },
    variables: { ...force, ...backup },
    after: { [main]: 'side', 'refs/heads/x': 'b', 'refs/heads/mirror-backup/<time>/heads/main': 'c' },
  },
  {
    title: 'PRUNE with BACKUP keeps what is deleted, an annotated tag as a tag and its commit as a branch',
    source: { [main]: 'b' },
    destination: {
      [main]: 'b',
      'refs/heads/gone': 'side',
      'refs/tags/gone': 'tag-a',
      'refs/tags/light': 'a',
    },
    variables: { ...prune, ...backup },
    after: {
      [main]: 'b',
      'refs/heads/mirror-backup/<time>/heads/gone': 'side',
      'refs/heads/mirror-backup/<time>/tags/gone': 'a',
      'refs/tags/mirror-backup/<time>/tags/gone': 'tag-a',
      'refs/heads/mirror-backup/<time>/tags/light': 'a',
    },
  },
  {
    title: 'a backup that is declined: its branch is not replaced, the others go through',
    source: { [main]: 'b', 'refs/heads/x': 'b' },
    destination: { [main]: 'a', 'refs/heads/x': 'side' },
    variables: { ...force, ...backup },
    declined: 'refs/heads/mirror-backup/.*',
    after: { [main]: 'b', 'refs/heads/x': 'side' },
    exitCode: 1,
    says: '[backup-failed]',
  },
  {
    title: 'backups of other days are never pruned, nor counted against PRUNE_LIMIT',
    source: { [main]: 'b' },
    destination: {
      [main]: 'a',
      'refs/heads/mirror-backup/2025-01-01T000000Z/heads/x': 'side',
      'refs/tags/mirror-backup/2025-01-01T000000Z/tags/v': 'tag-a',
      'refs/heads/gone': 'a',
    },
    variables: { ...prune, PRUNE_LIMIT: '1' },
    after: {
      [main]: 'b',
      'refs/heads/mirror-backup/<time>/heads/x': 'side',
      'refs/tags/mirror-backup/<time>/tags/v': 'tag-a',
    },
  },
  {
    title:
      'tags that carried slices are cleared once their commit is there; the same at the source is no tag',
    source: { [main]: 'b', [slice('x')]: 'c' },
    destination: { [main]: 'a', [slice('y')]: 'b', [slice('z')]: 'side' },
    after: { [main]: 'b', [slice('z')]: 'side' },
  },
  {
    title: 'one declined ref costs only itself',
    source: { [main]: 'b', 'refs/heads/x': 'b', 'refs/tags/v1': 'tag-b' },
    destination: { [main]: 'a', 'refs/heads/x': 'a' },
    declined: 'refs/heads/x',
    after: { [main]: 'b', 'refs/heads/x': 'a', 'refs/tags/v1': 'tag-b' },
    exitCode: 1,
    says: '[ref-declined]',
  },
  {
    title: 'one declined deletion costs only itself',
    source: { [main]: 'b' },
    destination: { [main]: 'a', 'refs/heads/x': 'a', 'refs/heads/y': 'a' },
    variables: prune,
    declined: 'refs/heads/x',
    after: { [main]: 'b', 'refs/heads/x': 'a' },
    exitCode: 1,
    says: '[ref-declined]',
  },
  {
    title: 'a dry run changes nothing, and is 1 where a run would be',
    source: { [main]: 'b', 'refs/heads/x': 'b' },
    destination: { [main]: 'a', 'refs/heads/x': 'side', 'refs/heads/y': 'a' },
    variables: { ...prune, DRY_RUN: 'true' },
    exitCode: 1,
    says: 'Dry run: nothing was pushed',
  },
];

let root: string;
let oids: Oids;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  oids = await createObjects(join(root, 'objects'));
});
afterAll(() => rm(root, { recursive: true }));

async function runState(server: ServerName, state: RefState): Promise<void> {
  await using world = await openWorld(server);
  await pushRefs(join(root, 'objects'), world.source, state.source, oids);
  await pushRefs(join(root, 'objects'), world.destination, state.destination, oids);
  await setSymrefs(world.source, state.sourceSymrefs);
  await setSymrefs(world.destination, state.destinationSymrefs);
  const before = await readNamedRefs(world.destination, oids);
  await setUpServer(server, world, state, oids);
  const dir = join(world.root, 'step');
  await mkdir(dir);
  const env = { BITBUCKET_GIT_HTTP_ORIGIN: world.bitbucket.url('app'), BITBUCKET_COMMIT: oids['a'] ?? '' };
  const run = await world.pipe({ dir, env }, { REFS: 'all', ...state.variables });
  expect(run.output).toContain(state.says ?? '');
  expect([run.exitCode, await readNamedRefs(world.destination, oids)]).toEqual([
    state.exitCode ?? 0,
    state.after ?? before,
  ]);
  expect(await readdir(world.temporary)).toEqual([]);
}

describeServers(serverNames, 'over %s', (server) => {
  testCases(states, (state) => runState(server, state));
});
