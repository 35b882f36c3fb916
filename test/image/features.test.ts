import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openHttpsWorld } from '../e2e/httpsWorld';
import { attributes, commit, openLfsWorld } from '../e2e/lfsWorld';
import { openWorld } from '../e2e/world';
import { git, grow } from '../servers/git';
import { startContainer } from './container';

test('HTTPS without an SSH key: as a role of the step, which AWS is asked for', async () => {
  await using world = await openHttpsWorld();
  const tip = await grow(world.source, 'main', { count: 60 });
  const clone = await world.clone();
  const { SSL_CERT_FILE: authorities } = world.variables;

  const { exitCode, output } = await startContainer({
    env: { ...clone.env, ...world.variables, SOURCE_PROXY: world.bitbucket.proxy, ...world.role },
    volumes: [clone.dir],
    readOnlyVolumes: [authorities ?? ''],
    workdir: clone.dir,
  }).ended;

  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
  expect(await git(world.destination, 'rev-list', '--count', 'main')).toBe('60');
  expect(world.face.requests).toEqual(['GET info/refs', 'POST git-receive-pack', 'GET info/refs']);
});

test('LFS: push sends the objects of Git LFS', async () => {
  await using world = await openLfsWorld();
  world.sandbox.faults.lfs = { href: world.mirrored.url, header: {} };
  await commit(world.source, { '.gitattributes': attributes, 'a.bin': await world.kept.keep('content a') });
  const clone = await world.clone();

  const { exitCode, output } = await startContainer({
    env: { ...clone.env, ...world.variables, LFS: 'push' },
    volumes: [clone.dir],
    readOnlyVolumes: [join(world.root, 'ssh')],
    workdir: clone.dir,
  }).ended;

  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  expect(await world.mirrored.contents()).toEqual(await world.kept.contents());
});

test('no hook of the clone is run', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main');
  const clone = await world.clone();
  const hooks = join(clone.dir, '.git', 'hooks');
  await mkdir(hooks, { recursive: true });
  for (const name of ['pre-push', 'reference-transaction', 'post-checkout', 'fsmonitor-watchman']) {
    await writeFile(join(hooks, name), `#!/bin/sh\n: >${clone.dir}/ran\n`);
    await chmod(join(hooks, name), 0o755);
  }
  await chmod(clone.dir, 0o777);

  const { exitCode, output } = await startContainer({
    env: { ...clone.env, ...world.variables },
    volumes: [clone.dir],
    readOnlyVolumes: [join(world.root, 'ssh')],
    workdir: clone.dir,
  }).ended;

  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
  await expect(access(join(clone.dir, 'ran'))).rejects.toThrow();
});
