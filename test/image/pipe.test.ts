import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createKeyPair } from '../../src/sandbox/server';
import { openWorld, type World } from '../e2e/world';
import { git, grow } from '../servers/git';
import type { PipelinesClone } from '../servers/pipelinesClone';
import { type Container, startContainer } from './container';
import { readTree } from './tree';

interface Asked {
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly options?: readonly string[];
}

/** Starts the pipe as a step does: the clone and the ssh folder at their own paths, only the named variables. */
function startPipe(world: World, clone: PipelinesClone, asked: Asked = {}): Container {
  return startContainer({
    env: { ...clone.env, ...world.variables, ...asked.variables },
    volumes: [clone.dir],
    readOnlyVolumes: [join(world.root, 'ssh')],
    workdir: clone.dir,
    options: asked.options ?? [],
  });
}

async function runPipe(world: World, clone: PipelinesClone, asked: Asked = {}) {
  return await startPipe(world, clone, asked).ended;
}

test('the first mirror, from a shallow clone of another user: all of the history, the clone untouched', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main', { count: 60 });
  const clone = await world.clone();
  const before = await readTree(clone.dir);

  const { exitCode, output } = await runPipe(world, clone);

  expect(output).toContain('new');
  expect(exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
  expect(await git(world.destination, 'rev-list', '--count', 'main')).toBe('60');
  expect(await readTree(clone.dir)).toEqual(before);
  expect(world.sandbox.counts.connections).toBe(1);
});

test('an update within the depth of the clone: pushed without a fetch', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main', { count: 60 });
  await git(world.source, 'push', '--quiet', world.destination, 'main');
  const tip = await grow(world.source, 'main');
  const clone = await world.clone();
  world.bitbucket.requests.length = 0;

  const { exitCode } = await runPipe(world, clone);

  expect(exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
  expect(world.bitbucket.requests).toMatchObject([{ method: 'GET', protocol: undefined }]);
});

test('an update from below the depth of the clone: deepened, the clone untouched', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main', { count: 10 });
  await git(world.source, 'push', '--quiet', world.destination, 'main');
  const tip = await grow(world.source, 'main', { count: 60 });
  const clone = await world.clone();
  const before = await readTree(clone.dir);

  const { exitCode } = await runPipe(world, clone);

  expect(exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
  expect(await git(world.destination, 'rev-list', '--count', 'main')).toBe('70');
  expect(await readTree(clone.dir)).toEqual(before);
});

test('the run of an annotated tag: the tag object itself', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main', { count: 3 });
  await git(world.source, 'tag', '--annotate', '--message', 'One', 'v1', 'main');
  const tag = await git(world.source, 'rev-parse', 'refs/tags/v1');
  const clone = await world.clone({ kind: 'tag', tag: 'v1' });

  const { exitCode } = await runPipe(world, clone);

  expect(exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual({ 'refs/tags/v1': tag });
  expect(await git(world.destination, 'cat-file', '-t', tag)).toBe('tag');
});

test('all refs, by a read-only root file system with only /tmp and /root to write to', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main', { count: 3 });
  await grow(world.source, 'release/1', { from: 'main' });
  await git(world.source, 'tag', 'v0', 'main~1');
  const clone = await world.clone();

  const { exitCode } = await runPipe(world, clone, {
    variables: { REFS: 'all' },
    options: ['--read-only', '--read-only-tmpfs=false', '--tmpfs=/tmp', '--tmpfs=/root'],
  });

  expect(exitCode).toBe(0);
  const refs = await world.destinationRefs();
  expect(refs).toEqual(await world.sourceRefs());
  expect(Object.keys(refs)).toEqual(['refs/heads/main', 'refs/heads/release/1', 'refs/tags/v0']);
});

test('variables at fault: exit 2, each one named, and nobody asked', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const clone = await world.clone();
  world.bitbucket.requests.length = 0;

  const { exitCode, output } = await runPipe(world, clone, { variables: { REFS: 'every', FORCE: 'yes' } });

  expect(exitCode).toBe(2);
  expect(output).toContain('REFS');
  expect(output).toContain('FORCE');
  expect(await world.destinationRefs()).toEqual({});
  expect(world.bitbucket.requests).toEqual([]);
  expect(world.sandbox.counts.connections).toBe(0);
});

test('a host key other than the known one: exit 1, the private key never offered', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const clone = await world.clone();
  const { host, port } = world.sandbox;
  const line = `[${host}]:${port} ${createKeyPair().publicKey}\n`;
  await writeFile(join(world.root, 'ssh', 'known_hosts'), line);

  const { exitCode, output } = await runPipe(world, clone);

  expect(output).toContain('host-key');
  expect(exitCode).toBe(1);
  expect(await world.destinationRefs()).toEqual({});
  expect(world.sandbox.counts.offeredKeys).toBe(0);
});

test.each(['right', 'wrong'])('a host known by its %s fingerprint alone', async (which) => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main');
  const clone = await world.clone();
  const { host, port, fingerprint } = world.sandbox;
  const expected = which === 'right' ? fingerprint : `SHA256:${'A'.repeat(43)}`;
  await writeFile(join(world.root, 'ssh', 'known_hosts'), '');

  const { exitCode, output } = await runPipe(world, clone, {
    variables: { KNOWN_HOSTS: `[${host}]:${port} ${expected}` },
  });

  expect(output).toContain(which === 'right' ? '✔' : fingerprint);
  expect(exitCode).toBe(which === 'right' ? 0 : 1);
  expect(await world.destinationRefs()).toEqual(which === 'right' ? { 'refs/heads/main': tip } : {});
  expect(world.sandbox.counts.offeredKeys).toBe(which === 'right' ? 1 : 0);
});

test('SIGTERM to process 1 in the middle of a push: exit 143, the destination whole, the next run mirrors', async () => {
  await using world = await openWorld();
  const old = await grow(world.source, 'main');
  await git(world.source, 'push', '--quiet', world.destination, 'main');
  const tip = await grow(world.source, 'main');
  const clone = await world.clone();
  const container = startPipe(world, clone);
  world.sandbox.faults.beforeReceive = async () => {
    await container.kill('TERM');
    await container.ended;
  };

  const { exitCode, output } = await container.ended;

  expect(output).toContain('SIGTERM');
  expect(exitCode).toBe(143);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': old });
  await git(world.destination, 'fsck', '--strict');
  world.sandbox.faults.beforeReceive = undefined;
  expect((await runPipe(world, clone)).exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
});

test('SIGINT to process 1 while the source is asked: exit 130, nothing pushed', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main');
  const clone = await world.clone();
  const container = startPipe(world, clone);
  world.bitbucket.faults.afterLook = async () => {
    await container.kill('INT');
    await container.ended;
  };

  const { exitCode } = await container.ended;

  expect(exitCode).toBe(130);
  expect(await world.destinationRefs()).toEqual({});
});

test('a pull request: the tip of its source branch, never the merge that Pipelines made', async () => {
  await using world = await openWorld();
  await grow(world.source, 'main', { count: 2 });
  const tip = await grow(world.source, 'feature', { from: 'main' });
  await grow(world.source, 'main');
  const clone = await world.clone({ kind: 'pull-request', branch: 'feature' });

  const { exitCode } = await runPipe(world, clone);

  expect(exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/feature': tip });
});
