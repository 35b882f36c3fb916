import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKeyPair, openSandbox } from '../../src/sandbox/server';
import { createBareRepository, git, gitWith, grow, tryGit } from '../servers/git';
import { type Case, runCase } from './cases';
import { expectNothingLeft, readTree } from './footprint';
import { growRival, growSource, type Revisions, resolve, seedDestination, whole } from './scene';
import { describeServers, testCases } from './servers';
import { openWorld, serverNames, type World } from './world';

const all = { REFS: 'all' };
const prune = { ...all, PRUNE: 'true' };
const behind: Revisions = { ...whole, 'heads/main': 'heads/main~10' };
const manyTags: Revisions = Object.fromEntries(
  Array.from({ length: 11 }, (_, index) => [`tags/t${index}`, 'heads/main']),
);

async function setAll(world: World, branches: readonly string[], revision: string): Promise<void> {
  const refspecs = branches.map((ref) => `${revision}:refs/${ref}`);
  await git(world.source, 'push', '--quiet', '--force', world.destination, ...refspecs);
}

/** In the order of the list of what was seen to go wrong in other tools; 12 is in lfs.test.ts. */
const cases: readonly Case[] = [
  {
    title: '1: what a clone of depth 50 and one branch lacks is not deleted, and no HEAD is made',
    variables: prune,
    there: behind,
    after: whole,
  },
  {
    title: '1: nor by the run of a tag, whose clone has no branch at all',
    clone: { kind: 'tag', tag: 'v1' },
    variables: { ...prune, FORCE: 'true' },
    there: behind,
    after: whole,
  },
  {
    title: '2: a source that was emptied wipes nothing',
    variables: { ...prune, FORCE: 'true', PRUNE_LIMIT: '99' },
    there: whole,
    meanwhile: async ({ source }) => {
      await rm(source, { recursive: true });
      await createBareRepository(source);
    },
    exitCode: 1,
    says: '[source-empty]',
  },
  {
    title: '2: a source that was made anew wipes nothing',
    variables: { ...prune, FORCE: 'true' },
    source: async (world) => {
      await growSource(world);
      for (let index = 0; index < 11; index++) await git(world.source, 'tag', `t${index}`, 'main');
    },
    there: { ...whole, ...manyTags },
    meanwhile: async ({ source }) => {
      await rm(source, { recursive: true });
      await createBareRepository(source);
      await grow(source, 'main');
    },
    exitCode: 1,
    says: '[prune-limit]',
  },
  {
    title: '4: an older run that comes last rolls nothing back',
    clone: { kind: 'branch', commit: 'refs/heads/main~5' },
    variables: { FORCE: 'true' },
    there: whole,
    says: 'Nothing to do',
  },
  {
    title: '4: a commit that was made on the mirror is not lost',
    variables: all,
    there: behind,
    rivals: ['main'],
    exitCode: 1,
    says: '[ref-diverged]',
    after: { ...whole, 'heads/main': 'there:heads/main' },
  },
  ...[401, 502].map(
    (status): Case => ({
      title: `5: a listing that is answered ${status} is no listing`,
      variables: prune,
      there: behind,
      meanwhile: async ({ bitbucket }) => {
        bitbucket.faults.status = status;
      },
      connections: 'any',
      exitCode: 1,
      says: /\[source-(unauthorised|unreachable)\]/,
    }),
  ),
  {
    title: '6: who mirrors one branch does not say that all were mirrored',
    there: behind,
    says: /INFO:\S* codecommit-mirror \S+ refs\/heads\/main of [\s\S]*✔\S* Mirrored: 1 branch and 0 tags are equal/,
    after: whole,
  },
  {
    title: '7: one ref that is declined holds no other up, and is named',
    variables: all,
    meanwhile: ({ destination }) => git(destination, 'config', 'receive.hideRefs', 'refs/tags/light'),
    exitCode: 1,
    says: /Not mirrored: light; 5 new/,
    after: Object.fromEntries(Object.entries(whole).filter(([ref]) => ref !== 'tags/light')),
  },
  {
    title: '8: a server without atomic pushes takes everything',
    variables: all,
    meanwhile: ({ destination }) => git(destination, 'config', 'receive.advertiseAtomic', 'false'),
    after: whole,
  },
  {
    title: '13: the merge commit of a pull request stays where it was made',
    clone: { kind: 'pull-request', branch: 'feature/one' },
    variables: { FORCE: 'true' },
    there: behind,
    after: behind,
  },
  {
    title: "14: yesterday's remotes and locks in the clone are in nobody's way",
    meanwhile: async (_world, { dir }) => {
      await git(dir, 'remote', 'add', 'codecommit', 'ssh://nobody@127.0.0.1:1/v1/repos/other');
      await git(dir, 'remote', 'add', 'mirror', '/nowhere');
      for (const lock of ['index.lock', 'shallow.lock', 'config.lock', 'packed-refs.lock'])
        await writeFile(join(dir, '.git', lock), '');
    },
    variables: all,
    after: whole,
  },
];

describeServers(serverNames, 'what goes wrong elsewhere, over %s:', (server) => {
  testCases(cases, (expected) => runCase(server, expected));
});

/** What each kind of lease protects: an update, a create, a delete, a tag. */
describe.each(['beforeReceive', 'afterAdvertise'] as const)(
  '3: with FORCE and PRUNE, a rival %s',
  { tags: ['slow'] },
  (moment) => {
    const contested = ['heads/main', 'heads/feature/one', 'heads/gone', 'tags/light'];
    test('keeps what he wrote, whatever kind of update it met', () =>
      runCase('sandbox', {
        title: '',
        source: growRival,
        variables: { ...prune, FORCE: 'true' },
        there: {
          'heads/release/1.0': 'heads/release/1.0',
          'tags/v0': 'tags/v0',
          'tags/v1': 'tags/v1',
          'heads/main': 'heads/main~10',
          'heads/gone': 'heads/main~20',
          'tags/light': 'heads/main~30',
        },
        meanwhile: async (world) => {
          world.sandbox.faults[moment] = () => setAll(world, contested, 'refs/hidden/rival');
        },
        exitCode: 1,
        says: /Not mirrored: feature\/one, gone, main, light; nothing changed/,
        after: { ...whole, ...Object.fromEntries(contested.map((ref) => [ref, 'hidden/rival'])) },
      }));
  },
);

test('8: more than 4,000 refs go in more than one push', { tags: ['slow'] }, async () => {
  await using world = await openWorld();
  await growSource(world);
  const tip = await git(world.source, 'rev-parse', 'main');
  const input = Array.from({ length: 4_100 }, (_, index) => `create refs/tags/n${index} ${tip}\n`).join('');
  await gitWith({ input }, world.source, 'update-ref', '--stdin');
  const { exitCode, output } = await world.pipe(await world.clone(), { ...all, MAX_ATTEMPTS: '1' });
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  // The default branch alone, then the others.
  expect([world.sandbox.counts.pushes, world.sandbox.counts.connections]).toEqual([3, 1]);
  await expectNothingLeft(world);
});

test('11: no repository is made over there, so none is made public: one that is missing is a fault', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const url = world.variables['CODECOMMIT_URL']?.replace(/app$/, 'missing');
  const ended = await world.pipe(await world.clone(), { CODECOMMIT_URL: url });
  expect([ended.exitCode, ended.output]).toEqual([1, expect.stringContaining('[destination-not-found]')]);
  expect(await readdir(dirname(world.destination))).toEqual([basename(world.destination)]);
});

test('9: a host key that changed since the last run is refused, and no key of ours is used', async () => {
  await using world = await openWorld();
  await growSource(world);
  const clone = await world.clone();
  expect((await world.pipe(clone)).exitCode).toBe(0);
  const refs = await world.destinationRefs();
  await grow(world.source, 'main');
  await world.sandbox[Symbol.asyncDispose]();
  const { root, port } = world.sandbox;
  await using impostor = await openSandbox({ root, port, hostKey: createKeyPair().privateKey });
  const { exitCode, output } = await world.pipe(clone, { MAX_ATTEMPTS: '1' });
  expect({ exitCode, output }).toEqual({ exitCode: 1, output });
  expect(output).toContain('[host-key-contradicted]');
  expect(impostor.counts.offeredKeys).toBe(0);
  expect(await world.destinationRefs()).toEqual(refs);
  await expectNothingLeft(world);
});

test('13: not even the objects of the merge commit are sent', async () => {
  await using world = await openWorld();
  await growSource(world);
  await seedDestination(world, whole);
  await grow(world.source, 'feature/one');
  const clone = await world.clone({ kind: 'pull-request', branch: 'feature/one' });
  const merge = await git(clone.dir, 'rev-parse', 'HEAD');
  expect((await git(clone.dir, 'rev-parse', 'HEAD^2')).length).toBe(40);
  expect((await world.pipe(clone)).exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await resolve(world.source, whole));
  expect((await tryGit(world.destination, ['cat-file', '-e', merge])).exitCode).not.toBe(0);
});

test('14: what a killed run left is gone after the next, and in nobody’s way', async () => {
  await using world = await openWorld();
  await growSource(world);
  const clone = await world.clone();
  world.bitbucket.faults.hang = true;
  const killed = await world.pipe(clone, all, (text, kill) => {
    // The connection stands when the folder with the key does.
    if (text.includes('codecommit-mirror'))
      void expect
        .poll(world.countConnections)
        .toBe(1)
        .then(() => kill('SIGKILL'));
  });
  expect(killed.exitCode).toBe(null);
  expect(Object.keys(await readTree(world.temporary)).some((path) => path.endsWith('/id_rsa'))).toBe(true);
  world.bitbucket.faults.hang = false;
  const { exitCode, output } = await world.pipe(clone, all);
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(Object.keys(await readTree(world.temporary))).toEqual([]);
});

describe.runIf(serverNames.includes('sshd'))(
  '15: over sshd, whose hooks are ours,',
  { tags: ['slow'] },
  () => {
    test('a server that says that it did what it did not is found out', () =>
      runCase('sshd', {
        title: '',
        there: behind,
        variables: all,
        meanwhile: async ({ destination }) => {
          const old = await git(destination, 'rev-parse', 'main');
          const hook = join(destination, 'hooks', 'post-receive');
          await mkdir(join(destination, 'hooks'), { recursive: true });
          await writeFile(hook, `#!/bin/sh\ngit update-ref refs/heads/main ${old}\n`);
          await chmod(hook, 0o755);
        },
        exitCode: 1,
        says: /✖\S* branch main: .*\[not-equal\][\s\S]*✖\S* Not mirrored: main;/,
      }));
  },
);
