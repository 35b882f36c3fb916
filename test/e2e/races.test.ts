import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../servers/git';
import { type Case, runCase } from './cases';
import { growRival, type Revisions, whole } from './scene';
import { describeServers, testCases } from './servers';
import type { World } from './world';

const all = { REFS: 'all' };
const twice = { MAX_ATTEMPTS: '2' };
const behind: Revisions = { ...whole, 'heads/main': 'heads/main~10' };

/** Somebody sets a branch of the destination to a commit that it has or gets. */
async function setThere({ source, destination }: World, branch: string, revision: string): Promise<void> {
  await git(source, 'push', '--quiet', '--force', destination, `${revision}:refs/heads/${branch}`);
}

/** As a git does that is about to write the branch. */
async function lock({ destination }: World, branch: string): Promise<void> {
  await writeFile(join(destination, 'refs/heads', `${branch}.lock`), '');
}

/** Does this at the next push, and not again. */
function atNextPush(moment: 'beforeReceive' | 'afterAdvertise', deed: (world: World) => Promise<unknown>) {
  return async (world: World) => {
    const { faults } = world.sandbox;
    faults[moment] = async () => {
      faults[moment] = undefined;
      await deed(world);
    };
  };
}

const moments = [
  { moment: 'beforeReceive', when: 'between the look and the push' },
  { moment: 'afterAdvertise', when: 'in the middle of the push' },
] as const;

const races: readonly Case[] = [
  ...moments.flatMap(({ moment, when }): Case[] => [
    {
      title: `a rival who brings the branch forward ${when}: the second attempt mirrors it`,
      variables: { ...all, ...twice },
      there: behind,
      meanwhile: atNextPush(moment, (world) => setThere(world, 'main', 'main~2')),
      says: '(attempt 2 of 2).',
      after: whole,
    },
    {
      title: `a rival who commits ${when}: his commit stays, with FORCE unset`,
      source: growRival,
      variables: { ...all, ...twice },
      there: { ...behind, 'heads/release/1.0': 'heads/main~65' },
      meanwhile: atNextPush(moment, (world) => setThere(world, 'main', 'refs/hidden/rival')),
      exitCode: 1,
      says: /branch main: .* kept .*\[ref-diverged\]/,
      after: { ...whole, 'heads/main': 'hidden/rival' },
    },
    {
      title: `a rival who pushes what we would have ${when}: mirrored`,
      variables: { ...all, ...twice },
      there: behind,
      meanwhile: atNextPush(moment, (world) => setThere(world, 'main', 'main')),
      after: whole,
    },
    {
      title: `a rival who deletes the branch ${when}: it is made anew`,
      variables: { ...all, ...twice },
      there: { ...whole, 'heads/feature/one': 'heads/feature/one~1' },
      meanwhile: atNextPush(moment, ({ destination }) =>
        git(destination, 'update-ref', '-d', 'refs/heads/feature/one'),
      ),
      after: whole,
    },
    {
      title: `a rival who creates the branch ${when}: nothing of his is overwritten`,
      variables: { ...all, ...twice },
      there: { 'heads/main': 'heads/main', 'heads/release/1.0': 'heads/release/1.0' },
      meanwhile: atNextPush(moment, (world) => setThere(world, 'feature/one', 'release/1.0')),
      exitCode: 1,
      says: '[ref-diverged]',
      after: { ...whole, 'heads/feature/one': 'heads/release/1.0' },
    },
  ]),
  {
    title: 'a rival who is just writing the branch: the second attempt mirrors it',
    variables: { ...all, ...twice },
    there: behind,
    meanwhile: async (world) => {
      await lock(world, 'main');
      world.sandbox.faults.beforeReceive = async () => {
        world.sandbox.faults.beforeReceive = () => rm(join(world.destination, 'refs/heads/main.lock'));
      };
    },
    says: 'refs/heads/main changed at the destination during the push. Trying again',
    after: whole,
  },
  {
    title: 'a branch that stays locked: declined, and the rest is mirrored',
    variables: { ...all, ...twice },
    there: { 'heads/main': 'heads/main~10' },
    meanwhile: async (world) => {
      await lock(world, 'main');
    },
    exitCode: 1,
    says: /branch main: .* refused \(declined: failed to update ref: cannot lock ref .*\) \[ref-declined\]/,
    after: behind,
  },
  {
    title: 'a rival at each attempt: lease broken, and his value stays',
    variables: { ...all, MAX_ATTEMPTS: '3' },
    there: behind,
    meanwhile: async (world) => {
      let behindBy = 9;
      world.sandbox.faults.beforeReceive = () => setThere(world, 'main', `main~${behindBy--}`);
    },
    exitCode: 1,
    says: /branch main: .*somebody else set it to [0-9a-f]{40} during the push.*\[lease-broken\]/,
    after: { ...whole, 'heads/main': 'heads/main~7' },
  },
  {
    title: 'a rival who undoes it right after the push: seen by the second look',
    variables: { ...all },
    there: behind,
    meanwhile: atNextPush('afterAdvertise', (world) => setThere(world, 'main', 'main~9')),
    exitCode: 1,
    says: '[lease-broken]',
    after: { ...whole, 'heads/main': 'heads/main~9' },
  },
];

describeServers(['sandbox', 'https'], 'a destination that somebody else writes to, over %s:', (server) => {
  testCases(races, (expected) => runCase(server, { connections: 'any', ...expected }));
});
