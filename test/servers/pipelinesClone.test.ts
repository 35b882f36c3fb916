import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Bitbucket, openBitbucket } from './bitbucket';
import { openFolder } from './folder';
import { git, grow, readRefs, tryGit } from './git';
import { clonePipelines } from './pipelinesClone';

/** main has 72 commits; feature leaves it at the 60th and has 3 of its own; the tag `old` lies out of depth, `v1` within. */
async function createScene(bitbucket: Bitbucket) {
  const repository = await bitbucket.createRepository('app');
  await grow(repository, 'main', { count: 60 });
  const feature = await grow(repository, 'feature', { count: 3, from: 'refs/heads/main' });
  const main = await grow(repository, 'main', { count: 12 });
  await git(repository, 'tag', 'old', 'main~70');
  await git(repository, 'tag', '-a', '-m', 'one', 'v1', 'main~3');
  const [old, v1] = await Promise.all(
    ['old', 'v1'].map((tag) => git(repository, 'rev-parse', `refs/tags/${tag}`)),
  );
  return { repository, feature, main, old, v1 };
}

async function readHead(dir: string): Promise<string> {
  const symbolic = await tryGit(dir, ['symbolic-ref', '--quiet', 'HEAD']);
  return symbolic.exitCode === 0 ? symbolic.stdout.trim() : git(dir, 'rev-parse', 'HEAD');
}

const uuid = /^\{[0-9a-f-]{36}\}$/;

test('branch: 50 commits of one branch, nothing else', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
  const { main, v1 } = await createScene(bitbucket);
  const into = join(folder.path, 'build');

  const { dir, env } = await clonePipelines({ bitbucket, name: 'app', into, kind: 'branch' });

  expect(dir).toBe(into);
  expect(await readRefs(dir)).toEqual({
    'refs/heads/main': main,
    'refs/remotes/origin/HEAD': main,
    'refs/remotes/origin/main': main,
    'refs/tags/v1': v1,
  });
  expect(await readHead(dir)).toBe('refs/heads/main');
  expect(await git(dir, 'rev-list', '--count', 'HEAD')).toBe('50');
  expect(await git(dir, 'rev-parse', '--is-shallow-repository')).toBe('true');
  expect(await git(dir, 'status', '--porcelain')).toBe('');
  expect(env).toEqual({
    CI: 'true',
    BITBUCKET_BRANCH: 'main',
    BITBUCKET_BUILD_NUMBER: '7',
    BITBUCKET_CLONE_DIR: dir,
    BITBUCKET_COMMIT: main,
    BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/acme/app',
    BITBUCKET_GIT_SSH_ORIGIN: 'git@bitbucket.org:acme/app.git',
    BITBUCKET_PIPELINE_UUID: expect.stringMatching(uuid),
    BITBUCKET_REPO_FULL_NAME: 'acme/app',
    BITBUCKET_REPO_SLUG: 'app',
    BITBUCKET_REPO_UUID: expect.stringMatching(uuid),
    BITBUCKET_STEP_UUID: expect.stringMatching(uuid),
    BITBUCKET_WORKSPACE: 'acme',
    PIPELINES_JWT_TOKEN: expect.stringMatching(/^jwt-.{36}$/),
  });
});

test('the clone is set up as Pipelines leaves it: configuration, no reflog, no token, open to all', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
  await createScene(bitbucket);
  const into = join(folder.path, 'build');

  const { dir } = await clonePipelines({ bitbucket, name: 'app', into, kind: 'branch' });

  const listing = await git(dir, 'config', '--local', '--list');
  expect(listing.split('\n').slice(4)).toEqual([
    'remote.origin.url=http://bitbucket.org/acme/app',
    'remote.origin.fetch=+refs/heads/main:refs/remotes/origin/main',
    'branch.main.remote=origin',
    'branch.main.merge=refs/heads/main',
    'user.name=bitbucket-pipelines',
    'user.email=commits-noreply@bitbucket.org',
    'push.default=current',
    'http.http://bitbucket.org/acme/app.proxy=http://localhost:29418/',
  ]);
  expect(await git(dir, 'reflog', '--all')).toBe('');
  expect(await readFile(join(dir, '.git', 'config'), 'utf8')).not.toContain('clone-token');
  expect(await readFile(join(dir, '.git', 'info', 'exclude'), 'utf8')).toContain(
    '.bitbucket/pipelines/generated',
  );
  for (const path of [dir, join(dir, '.git'), join(dir, '.git', 'objects')])
    expect((await stat(path)).mode & 0o777).toBe(0o777);
  expect(bitbucket.requests.map(({ command }) => command)).toEqual([undefined, 'ls-refs', 'fetch']);
});

test('branch: an older commit, another branch, another depth', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
  const { repository, feature } = await createScene(bitbucket);
  const commit = await git(repository, 'rev-parse', `${feature}~2`);
  const into = join(folder.path, 'build');
  const run = { kind: 'branch', branch: 'feature', depth: 4, commit } as const;

  const { dir, env } = await clonePipelines({ bitbucket, name: 'app', into, ...run });

  expect(await readRefs(dir)).toEqual({
    'refs/heads/feature': commit,
    'refs/remotes/origin/feature': feature,
  });
  expect(await git(dir, 'rev-list', '--count', 'origin/feature')).toBe('4');
  expect(env).toMatchObject({ BITBUCKET_BRANCH: 'feature', BITBUCKET_COMMIT: commit });
});

test('full: all history, all branches of the origin, all tags', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
  const { main, feature, old, v1 } = await createScene(bitbucket);
  const into = join(folder.path, 'build');

  const { dir, env } = await clonePipelines({ bitbucket, name: 'app', into, kind: 'full' });

  expect(await readRefs(dir)).toEqual({
    'refs/heads/main': main,
    'refs/remotes/origin/HEAD': main,
    'refs/remotes/origin/feature': feature,
    'refs/remotes/origin/main': main,
    'refs/tags/old': old,
    'refs/tags/v1': v1,
  });
  expect(await git(dir, 'rev-parse', '--is-shallow-repository')).toBe('false');
  expect(env).toMatchObject({ BITBUCKET_BRANCH: 'main', BITBUCKET_COMMIT: main });
});

test('tag: a detached HEAD, and no branch', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
  const { repository, v1 } = await createScene(bitbucket);
  const commit = await git(repository, 'rev-parse', 'v1^{commit}');
  const into = join(folder.path, 'build');

  const { dir, env } = await clonePipelines({ bitbucket, name: 'app', into, kind: 'tag', tag: 'v1' });

  expect(await readRefs(dir)).toEqual({ 'refs/tags/v1': v1 });
  expect(await readHead(dir)).toBe(commit);
  expect(await git(dir, 'rev-list', '--count', 'HEAD')).toBe('50');
  expect(env).toMatchObject({ BITBUCKET_TAG: 'v1', BITBUCKET_COMMIT: commit });
  expect(env).not.toHaveProperty('BITBUCKET_BRANCH');
});

test.each([50, 'full'] as const)(
  'pull request, depth %s: HEAD is a merge that Bitbucket has not',
  async (depth) => {
    await using folder = await openFolder();
    await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
    const { repository, main, feature } = await createScene(bitbucket);
    const into = join(folder.path, 'build');
    const run = { kind: 'pull-request', branch: 'feature', id: 12, depth } as const;

    const { dir, env } = await clonePipelines({ bitbucket, name: 'app', into, ...run });

    expect(await readHead(dir)).toBe('refs/heads/feature');
    const refs = await readRefs(dir);
    const merge = refs['refs/heads/feature'] ?? '';
    expect(refs).toMatchObject({ 'refs/remotes/origin/feature': feature });
    expect(await git(dir, 'rev-parse', 'HEAD^1', 'HEAD^2')).toBe(`${feature}\n${main}`);
    expect((await tryGit(repository, ['cat-file', '-e', merge])).exitCode).toBe(1);
    expect(await git(dir, 'rev-parse', '--is-shallow-repository')).toBe(String(depth === 50));
    expect('refs/remotes/origin/main' in refs).toBe(depth === 'full');
    expect(env).toMatchObject({
      BITBUCKET_BRANCH: 'feature',
      BITBUCKET_COMMIT: feature.slice(0, 12),
      BITBUCKET_PR_ID: '12',
      BITBUCKET_PR_DESTINATION_BRANCH: 'main',
      BITBUCKET_PR_DESTINATION_COMMIT: main.slice(0, 12),
    });
  },
);

test('a clone that fails says why', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: join(folder.path, 'bitbucket') });
  await createScene(bitbucket);
  bitbucket.faults.status = 503;
  const clone = clonePipelines({ bitbucket, name: 'app', into: join(folder.path, 'build'), kind: 'branch' });
  await expect(clone).rejects.toThrow('The requested URL returned error: 503');
});
