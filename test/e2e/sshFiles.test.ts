import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectNothingLeft, readTree } from './footprint';
import { growSource, whole } from './scene';
import { describeServers } from './servers';
import { keyPair, openWorld, type Run, runProgram, serverNames, type World } from './world';

const once = { MAX_ATTEMPTS: '1' };

async function readMode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

async function openScene(server: (typeof serverNames)[number] = 'sandbox'): Promise<World> {
  const world = await openWorld(server);
  await growSource(world);
  return world;
}

function expectMirrored({ exitCode, output }: Run): void {
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}

describeServers(serverNames, '~/.ssh of the pipe, over %s,', (server) => {
  test('is made 0700, its files 0600', async () => {
    await using world = await openScene(server);
    expectMirrored(await world.pipe(await world.clone(), once));
    const ssh = join(world.home, '.ssh');
    expect(await Promise.all([ssh, join(ssh, 'config'), join(ssh, 'known_hosts')].map(readMode))).toEqual([
      '700',
      '600',
      '600',
    ]);
    expect(Object.keys(await readTree(ssh))).toEqual(['config', 'known_hosts']);
  });

  test('keeps what others wrote, and gets our block once however often it runs', async () => {
    await using world = await openScene(server);
    const ssh = join(world.home, '.ssh');
    await mkdir(ssh, { mode: 0o755 });
    const theirs = 'ServerAliveInterval 7\nHost example.com\n  User ada # a comment\n';
    await writeFile(join(ssh, 'config'), theirs, { mode: 0o644 });
    await writeFile(join(ssh, 'known_hosts'), 'example.com ssh-ed25519 AAAA\n', { mode: 0o644 });
    await writeFile(join(ssh, 'id_ed25519'), 'theirs\n');
    const clone = await world.clone();
    expectMirrored(await world.pipe(clone, once));
    const first = await readTexts(ssh);
    expectMirrored(await world.pipe(clone, once));

    const [config, knownHosts] = await readTexts(ssh);
    expect(config.endsWith(theirs)).toBe(true);
    expect(knownHosts.endsWith('example.com ssh-ed25519 AAAA\n')).toBe(true);
    expect(countOf(config, 'Host 127.0.0.1\n')).toBe(1);
    expect(countOf(config, 'begin')).toBe(countOf(config, 'end 127'));
    // The second run's block names its own temporary folder, and nothing else has changed.
    const withoutFolder = (text: string) => text.replace(/ccmirror-[\w-]+/g, '');
    expect([config, knownHosts].map(withoutFolder)).toEqual(first.map(withoutFolder));
    expect(await Promise.all(['', 'config', 'known_hosts'].map((name) => readMode(join(ssh, name))))).toEqual(
      ['700', '600', '600'],
    );
    expect(await readFile(join(ssh, 'id_ed25519'), 'utf8')).toBe('theirs\n');
    await expectNothingLeft(world);
  });

  test('serves two runs at once', async () => {
    await using world = await openScene(server);
    const clones = [await world.clone(), await world.clone({ kind: 'branch', branch: 'feature/one' })];
    const runs = await Promise.all(
      clones.map((clone, index) => world.pipe(clone, index === 0 ? once : { ...once })),
    );
    runs.map(expectMirrored);
    const { 'refs/heads/main': main, 'refs/heads/feature/one': feature } = await world.sourceRefs();
    expect(await world.destinationRefs()).toEqual({
      'refs/heads/main': main,
      'refs/heads/feature/one': feature,
    });
    const [config] = await readTexts(join(world.home, '.ssh'));
    expect(countOf(config, 'Host 127.0.0.1\n')).toBe(1);
    expect(Object.keys(await readTree(join(world.home, '.ssh')))).toEqual(['config', 'known_hosts']);
    await expectNothingLeft(world);
  });
});

async function readTexts(ssh: string): Promise<[config: string, knownHosts: string]> {
  return [await readFile(join(ssh, 'config'), 'utf8'), await readFile(join(ssh, 'known_hosts'), 'utf8')];
}

test("a step's own lines for the host do not weaken ours", async () => {
  await using world = await openScene();
  const ssh = join(world.home, '.ssh');
  await mkdir(ssh);
  const weak = 'Host *\n  StrictHostKeyChecking no\n  User nobody\n  Port 1\n  ProxyCommand false\n';
  await writeFile(join(ssh, 'config'), weak);
  await writeFile(join(ssh, 'known_hosts'), '');
  const { exitCode, output } = await world.pipe(await world.clone(), once);
  // They are kept, and neither change the checks nor run a command for our connection.
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  const config = await readFile(join(ssh, 'config'), 'utf8');
  expect(config.indexOf('StrictHostKeyChecking yes')).toBeLessThan(
    config.indexOf('StrictHostKeyChecking no'),
  );
  const { 'refs/heads/main': main } = await world.sourceRefs();
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': main });
  await expectNothingLeft(world);
});

describeServers(serverNames, 'the command line, over %s,', (server) => {
  test("leaves the user's ~/.ssh alone", async () => {
    await using world = await openScene(server);
    const clone = await world.clone({ kind: 'full' });
    const ssh = join(world.home, '.ssh');
    await mkdir(ssh, { mode: 0o755 });
    await writeFile(join(ssh, 'config'), 'Host *\n  StrictHostKeyChecking no\n  ProxyCommand false\n');
    await writeFile(join(ssh, 'known_hosts'), `${world.knownHosts}\n`);
    await chmod(ssh, 0o755);
    const keyFile = join(world.ssh, 'id_rsa_tmp');
    expect(await readFile(keyFile, 'utf8')).toBe(keyPair.privateKey);
    const [home, tree] = [await readTree(world.home), await readTree(clone.dir)];
    const { CODECOMMIT_URL: url = '', SSH_KEY_ID: id } = world.variables;
    const flags = ['--codecommit-url', url, '--ssh-key-file', keyFile, '--refs', 'all'];
    if (id !== undefined) flags.push('--ssh-key-id', id);
    const ended = await runProgram(
      'cli',
      [
        'mirror',
        ...flags,
        '--source-url',
        world.bitbucket.url('app'),
        '--source-proxy',
        world.bitbucket.proxy,
      ],
      clone.dir,
      { HOME: world.home, TMPDIR: world.temporary },
    );
    expectMirrored(ended);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    expect(Object.keys(await world.destinationRefs()).length).toBe(Object.keys(whole).length);
    expect(await readTree(world.home)).toEqual(home);
    expect(await readMode(ssh)).toBe('755');
    expect(await readTree(clone.dir)).toEqual(tree);
    await expectNothingLeft(world);
  });
});
