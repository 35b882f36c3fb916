// @module-tag slow
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CodeCommitServer, openCodeCommitServer } from '../../src/sandbox/hosts/codeCommit';
import { git, grow, readRefs, tryGit } from '../servers/git';
import { type HttpsWorld, openHttpsWorld } from './httpsWorld';
import { keyId } from './world';

interface Scene extends AsyncDisposable {
  readonly world: HttpsWorld;
  readonly api: CodeCommitServer;
  /** The repositories that the API knows, by their names: bare ones on disk. */
  readonly paths: Map<string, string>;
  /** The default branch of the destination, by its short name. */
  readDefault(): Promise<string>;
}

/** A destination that was mirrored when the source's default branch was master; now it is main, and master is gone. */
async function openRenamed(): Promise<Scene> {
  const world = await openHttpsWorld();
  const paths = new Map([['app', world.destination]]);
  const api = await openCodeCommitServer({
    onDefaultBranch: async (name, branch) => {
      const [ref, path] = [`refs/heads/${branch}`, paths.get(name) ?? ''];
      if ((await tryGit(path, ['rev-parse', '--verify', ref])).exitCode !== 0) return false;
      await git(path, 'symbolic-ref', 'HEAD', ref);
      return true;
    },
  });
  api.add('app');
  await grow(world.source, 'main', { count: 3 });
  await git(world.source, 'push', '--quiet', world.destination, 'main:refs/heads/master');
  await git(world.destination, 'symbolic-ref', 'HEAD', 'refs/heads/master');
  return {
    world,
    api,
    paths,
    readDefault: () => git(world.destination, 'symbolic-ref', '--short', 'HEAD'),
    async [Symbol.asyncDispose]() {
      await api[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

const all = { REFS: 'all', PRUNE: 'true' };

test.each(['keys', 'role', 'ssh'])(
  'follows a rename, and the old branch is pruned in the same run: %s',
  async (login) => {
    await using scene = await openRenamed();
    const { world, api } = scene;
    const { host, port } = world.sandbox;
    const withSsh = {
      CODECOMMIT_URL: 'ssh://git-codecommit.us-east-1.amazonaws.com/v1/repos/app',
      CODECOMMIT_ENDPOINT: `${host}:${port}`,
      SSH_KEY_ID: keyId,
      BITBUCKET_SSH_KEY_FILE: join(world.ssh, 'id_rsa'),
    };
    const changes = { keys: {}, role: world.role, ssh: withSsh }[login];
    const clone = await world.clone();
    const run = await world.pipe(clone, { ...all, AWS_ENDPOINT_URL_CODECOMMIT: api.url, ...changes });
    expect(run.output).toContain('The default branch of the destination is now main');
    expect(run.exitCode).toBe(0);
    expect([await scene.readDefault(), await world.destinationRefs()]).toEqual([
      'main',
      await world.sourceRefs(),
    ]);
    expect(api.requests).toEqual(['UpdateDefaultBranch']);
    await world.pipe(clone, { ...all, AWS_ENDPOINT_URL_CODECOMMIT: api.url, ...changes });
    expect(api.requests).toHaveLength(1);
  },
);

test('each of several destinations follows by itself', async () => {
  await using scene = await openRenamed();
  const { world, api, paths } = scene;
  const other = await world.sandbox.createRepository('other');
  paths.set('other', other);
  api.add('other');
  await git(world.source, 'push', '--quiet', other, 'main~1:refs/heads/master');
  await git(other, 'symbolic-ref', 'HEAD', 'refs/heads/master');
  const run = await world.pipe(await world.clone(), {
    ...all,
    AWS_ENDPOINT_URL_CODECOMMIT: api.url,
    CODECOMMIT_URL_COUNT: '2',
    CODECOMMIT_URL_0: 'codecommit::us-east-1://app',
    CODECOMMIT_URL_1: 'codecommit::us-east-1://other',
  });
  expect([run.exitCode, run.output]).toEqual([0, run.output]);
  expect([await scene.readDefault(), await git(other, 'symbolic-ref', '--short', 'HEAD')]).toEqual([
    'main',
    'main',
  ]);
  const wanted = await world.sourceRefs();
  expect([await world.destinationRefs(), await readRefs(other)]).toEqual([wanted, wanted]);
});

test('without credentials each run that pushes says what to do, until somebody has done it', async () => {
  await using scene = await openRenamed();
  const { world } = scene;
  const { host, port } = world.sandbox;
  const ssh = {
    CODECOMMIT_URL: 'ssh://git-codecommit.us-east-1.amazonaws.com/v1/repos/app',
    CODECOMMIT_ENDPOINT: `${host}:${port}`,
    SSH_KEY_ID: keyId,
    BITBUCKET_SSH_KEY_FILE: join(world.ssh, 'id_rsa'),
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    REFS: 'all',
  };
  const clone = await world.clone();
  const told =
    /INFO:.* default branch of the destination is master, not main as at the source\. .*run once: aws codecommit update-default-branch --region us-east-1 --repository-name app --default-branch-name main/;
  for (let time = 1; time <= 2; time++) {
    const run = await world.pipe(clone, ssh);
    expect([run.exitCode, run.output]).toEqual([0, expect.stringMatching(told)]);
    await grow(world.source, 'main');
  }
  await git(world.destination, 'symbolic-ref', 'HEAD', 'refs/heads/main');
  expect((await world.pipe(clone, ssh)).output).not.toContain('default branch');
});

test('without permission the refs are mirrored, and a warning says what to do', async () => {
  await using scene = await openRenamed();
  const { world, api } = scene;
  api.faults.push({ action: 'UpdateDefaultBranch', status: 400, code: 'AccessDeniedException' });
  const clone = await world.clone();
  const run = await world.pipe(clone, { REFS: 'all', AWS_ENDPOINT_URL_CODECOMMIT: api.url });
  expect(run.exitCode).toBe(0);
  expect(run.output).toMatch(
    /WARNING:.* default branch of the destination is not main.*codecommit:UpdateDefaultBranch[\s\S]*aws codecommit update-default-branch --region us-east-1 --repository-name app --default-branch-name main/,
  );
  const { 'refs/heads/main': main } = await world.sourceRefs();
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': main, 'refs/heads/master': main });
});

test.each([{ DRY_RUN: 'true' }, { EXCLUDE: 'main' }])('is left as it is with %j', async (variables) => {
  await using scene = await openRenamed();
  const { world, api } = scene;
  await grow(world.source, 'other');
  const run = await world.pipe(await world.clone(), {
    REFS: 'all',
    AWS_ENDPOINT_URL_CODECOMMIT: api.url,
    ...variables,
  });
  expect([run.exitCode, await scene.readDefault(), api.requests]).toEqual([0, 'master', []]);
});
