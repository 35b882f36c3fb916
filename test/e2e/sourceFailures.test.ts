import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../servers/git';
import { type Case, runCase } from './cases';
import { breakClone, type Revisions, whole } from './scene';
import { describeServers, testCases } from './servers';
import { allServerNames, type World } from './world';

const all = { REFS: 'all' };
const behind: Revisions = { ...whole, 'heads/main': 'heads/main~10' };
const goingOn =
  /WARNING:\S* Continuing with this run's own commit [0-9a-f]{12}, fast-forward only: The source .* can't be reached/;

function answering(status: number) {
  return async ({ bitbucket }: World) => {
    bitbucket.faults.status = status;
  };
}

async function unreachable({ bitbucket }: World): Promise<void> {
  bitbucket.faults.unreachable = true;
}

/** The source can't be asked: what the run was started for is mirrored, as far as that is no risk. */
const fallbacks: readonly Case[] = [
  {
    title: "the run's own commit, fast-forward",
    there: behind,
    meanwhile: unreachable,
    says: goingOn,
    after: whole,
  },
  {
    title: "the run's own commit, which is not the tip of the clone's branch any more",
    clone: { kind: 'branch', commit: 'refs/heads/main~4' },
    there: behind,
    meanwhile: unreachable,
    says: goingOn,
    after: { ...whole, 'heads/main': 'heads/main~4' },
  },
  {
    title: 'an older commit than the destination has: nothing goes back, whatever FORCE says',
    clone: { kind: 'branch', commit: 'refs/heads/main~4' },
    variables: { FORCE: 'true' },
    there: whole,
    meanwhile: unreachable,
    exitCode: 1,
    says: '[ref-diverged]',
  },
  {
    title: "a pull request's source commit, given with 12 digits",
    clone: { kind: 'pull-request', branch: 'feature/one' },
    there: { ...whole, 'heads/feature/one': 'heads/feature/one~1' },
    meanwhile: unreachable,
    says: goingOn,
    after: whole,
  },
  {
    title: 'an annotated tag, as the clone has it',
    clone: { kind: 'tag', tag: 'v1' },
    there: { 'heads/main': 'heads/main~7' },
    meanwhile: unreachable,
    says: goingOn,
    after: { 'heads/main': 'there:heads/main', 'tags/v1': 'tags/v1' },
  },
  {
    title: 'a proxy that nobody listens at',
    variables: { SOURCE_PROXY: 'http://127.0.0.1:1' },
    there: behind,
    says: goingOn,
    after: whole,
  },
  ...[429, 500, 502, 503].map(
    (status): Case => ({
      title: `an answer ${status}`,
      there: behind,
      meanwhile: answering(status),
      says: goingOn,
      after: whole,
    }),
  ),
  {
    title: 'where the shallow clone is not enough: a failure, and nothing pushed',
    meanwhile: unreachable,
    exitCode: 1,
    says: /\[(source-unreachable|connection-dropped)\]/,
  },
];

const failures: readonly Case[] = [
  {
    title: 'can not be reached, with REFS all: nothing is pushed or pruned',
    variables: { ...all, PRUNE: 'true' },
    there: behind,
    meanwhile: unreachable,
    exitCode: 1,
    says: '[source-unreachable]',
  },
  {
    title: 'answers 502, with REFS all: nothing is pushed or pruned',
    variables: { ...all, PRUNE: 'true' },
    there: behind,
    meanwhile: answering(502),
    exitCode: 1,
    says: '[source-unreachable]',
  },
  ...[401, 403].map(
    (status): Case => ({
      title: `answers ${status}`,
      there: behind,
      meanwhile: answering(status),
      exitCode: 1,
      says: '[source-unauthorised]',
    }),
  ),
  {
    title: 'answers 404',
    there: behind,
    meanwhile: answering(404),
    exitCode: 1,
    says: '[source-not-found]',
  },
  ...['<html><body>Log in to the network</body></html>', '<html>\n<body>Log in</body>\n</html>\n', ''].map(
    (page): Case => ({
      title: `answers 200 with the page ${JSON.stringify(page)}: no git server`,
      variables: { ...all, PRUNE: 'true' },
      there: behind,
      meanwhile: async ({ bitbucket }) => {
        bitbucket.faults.page = page;
      },
      exitCode: 1,
      says: /Something other than a git server answered[\s\S]*\[not-git\]/,
    }),
  ),
  {
    title: 'drops the connection in the middle of a fetch',
    variables: all,
    there: { 'heads/other': 'heads/release/1.0' },
    meanwhile: async ({ bitbucket }) => {
      bitbucket.faults.dropFetchAfterBytes = 500;
    },
    exitCode: 1,
    says: '[connection-dropped]',
  },
  {
    title: 'deletes a branch between the look and the fetch: the next look knows',
    variables: { ...all, MAX_ATTEMPTS: '2' },
    there: behind,
    meanwhile: async ({ bitbucket, source }) => {
      const late = await git(source, 'commit-tree', 'main^{tree}', '-p', 'main', '-m', 'late');
      await git(source, 'update-ref', 'refs/heads/short-lived', late);
      bitbucket.faults.afterLook = async () => {
        bitbucket.faults.afterLook = undefined;
        await git(source, 'update-ref', '-d', 'refs/heads/short-lived');
      };
    },
    sourceMoves: true,
    says: '(attempt 2 of 2).',
    after: whole,
  },
];

const clones: readonly Case[] = [
  {
    title: 'that lacks objects: all is fetched from the source',
    there: behind,
    meanwhile: breakClone,
    connections: 'any',
    says: 'Objects are missing in the clone',
    after: whole,
  },
  {
    title: 'without a single object: all is fetched from the source',
    there: behind,
    connections: 'any',
    meanwhile: (_world, { dir }) => rm(join(dir, '.git/objects/pack'), { recursive: true }),
    after: whole,
  },
  {
    title: 'that is none, and SOURCE_URL: all is fetched from there',
    clone: 'none',
    variables: { ...all, SOURCE_URL: 'http://bitbucket.org/acme/app' },
    there: behind,
    after: whole,
    fetches: true,
  },
  {
    title: 'that is none, and nothing tells where the source is',
    clone: 'none',
    variables: all,
    there: behind,
    connections: 0,
    exitCode: 1,
    says: '[no-clone]',
  },
  {
    title: 'that is none, and REFS current: a fault that names REFS all',
    clone: 'none',
    variables: { SOURCE_URL: 'http://bitbucket.org/acme/app' },
    exitCode: 2,
    says: /REFS is current, but this folder is not in a git clone/,
  },
];

describeServers(allServerNames, 'over %s, when the source can not be asked:', (server) => {
  testCases(fallbacks, (expected) => runCase(server, expected));
});
describeServers(allServerNames, 'over %s, a source that', (server) => {
  testCases(failures, (expected) => runCase(server, { connections: 'any', ...expected }));
});
describeServers(allServerNames, 'over %s, a clone', (server) => {
  testCases(clones, (expected) => runCase(server, expected));
});
