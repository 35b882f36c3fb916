import { chmod, chown, lstat, mkdir, readFile, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readOwnIdentity } from '../../src/system/processIdentity';
import { readRefs, run } from '../servers/git';
import { openSshd, type Sshd, sshdAvailable } from '../servers/sshd';
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
    // More than one attempt: the server may lock HEAD for one of them in that moment.
    const runs = await Promise.all(clones.map((clone) => world.pipe(clone)));
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

  test('removes what a killed run left there, though nothing else is to be written', async () => {
    await using world = await openScene(server);
    const clone = await world.clone();
    expectMirrored(await world.pipe(clone));
    const { namespace } = readOwnIdentity();
    // Linux gives no process a number above 4194304.
    await writeFile(join(world.home, '.ssh', `config.ccmirror-${namespace}-4194305-1-000000000000`), 'half');
    expect(await world.pipe(clone)).toMatchObject({ exitCode: 0 });
    expect(Object.keys(await readTree(join(world.home, '.ssh')))).toEqual(['config', 'known_hosts']);
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

describe.runIf(sshdAvailable())(
  'a host with an Ed25519 and an RSA key, of which one fingerprint is known,',
  { tags: ['slow'] },
  () => {
    async function openHost(world: World) {
      await mkdir(join(world.root, 'two-keys'));
      return await openSshd({ root: join(world.root, 'two-keys'), keys: [keyPair.publicKey], ed25519: true });
    }
    /** Mirrors to it, knowing its host key by this fingerprint alone. */
    async function mirrorTo(world: World, sshd: Sshd, fingerprint: string | undefined, variables = {}) {
      await writeFile(join(world.ssh, 'known_hosts'), '');
      const KNOWN_HOSTS = `[${sshd.host}]:${sshd.port} ${fingerprint}`;
      const asked = {
        ...once,
        ...variables,
        KNOWN_HOSTS,
        CODECOMMIT_URL: sshd.url('app'),
        SSH_KEY_ID: undefined,
      };
      return await world.pipe(await world.clone(), asked);
    }

    test.each(['RSA', 'Ed25519'])('is opened by that of its %s key', async (type) => {
      await using world = await openScene();
      await using sshd = await openHost(world);
      const destination = await sshd.createRepository('app');
      expectMirrored(await mirrorTo(world, sshd, type === 'RSA' ? sshd.fingerprint : sshd.otherFingerprint));
      expect(await readRefs(destination)).toEqual({
        'refs/heads/main': (await world.sourceRefs())['refs/heads/main'],
      });
      await expectNothingLeft(world);
    });

    test('is opened without a shared connection too', async () => {
      await using world = await openScene();
      await using sshd = await openHost(world);
      const destination = await sshd.createRepository('app');
      const TMPDIR = join(world.temporary, 'long-'.repeat(20));
      await mkdir(TMPDIR);
      expectMirrored(await mirrorTo(world, sshd, sshd.fingerprint, { TMPDIR }));
      expect(Object.keys(await readRefs(destination))).toEqual(['refs/heads/main']);
      await rmdir(TMPDIR);
      await expectNothingLeft(world);
    });

    test('is refused when neither has it, before the private key is offered', async () => {
      await using world = await openScene();
      await using sshd = await openHost(world);
      const destination = await sshd.createRepository('app');
      const { exitCode, output } = await mirrorTo(world, sshd, `SHA256:${'A'.repeat(43)}`);
      expect({ exitCode, output }).toEqual({ exitCode: 1, output });
      expect(output).toContain('[host-key-contradicted]');
      expect(output).toContain(`${sshd.otherFingerprint}, ${sshd.fingerprint}`);
      expect(sshd.readLog()).not.toContain('publickey');
      expect(await readRefs(destination)).toEqual({});
      await expectNothingLeft(world);
    });
  },
);

describe('what the pipe finds at ~/.ssh', { tags: ['slow'] }, () => {
  test('keeps its links and every byte', async () => {
    await using world = await openScene();
    const [ssh, elsewhere] = [join(world.home, '.ssh'), join(world.root, 'dotfiles')];
    await Promise.all([mkdir(ssh), mkdir(elsewhere)]);
    const theirs = Buffer.from('# M\xfcller\nHost x\n  User y', 'latin1');
    await writeFile(join(elsewhere, 'config'), theirs);
    await chown(join(elsewhere, 'config'), 65534, 65534);
    await symlink('../../dotfiles/config', join(ssh, 'config'));
    expectMirrored(await world.pipe(await world.clone(), once));
    expect((await lstat(join(ssh, 'config'))).isSymbolicLink()).toBe(true);
    const written = await readFile(join(elsewhere, 'config'));
    expect(written.subarray(-theirs.length)).toEqual(theirs);
    expect(written.toString('latin1')).toContain('Host 127.0.0.1\n');
    expect((await stat(join(elsewhere, 'config'))).uid).toBe(65534);
    expect(Object.keys(await readTree(elsewhere))).toEqual(['config']);
    await expectNothingLeft(world);
  });

  test('is not read: lines that no ssh here knows, and a command, have no effect', async () => {
    await using world = await openScene();
    const ssh = join(world.home, '.ssh');
    await mkdir(ssh);
    const trap = join(world.root, 'trap');
    await writeFile(join(ssh, 'config'), `Match exec "touch ${trap}"\n  User y\n`);
    expectMirrored(await world.pipe(await world.clone(), once));
    await expect(stat(trap)).rejects.toThrow('ENOENT');
    await expectNothingLeft(world);
  });

  test.each(['config', 'known_hosts'])(
    'may be a folder named %s, or lead nowhere: a warning',
    async (name) => {
      await using world = await openScene();
      const ssh = join(world.home, '.ssh');
      await mkdir(join(ssh, name), { recursive: true });
      const { exitCode, output } = await world.pipe(await world.clone(), once);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output });
      expect(output).toMatch(/WARNING:.*\.ssh is not updated: /);
      await rmdir(join(ssh, name));
      await symlink('/nowhere/at/all', join(ssh, name));
      const again = await world.pipe(await world.clone(), once);
      expect(again.output).toMatch(/WARNING:.*\.ssh is not updated: /);
      expect(again.exitCode).toBe(0);
      await expectNothingLeft(world);
    },
  );

  test.runIf(process.getuid?.() === 0)('may be read-only: a warning, and the mirror is made', async () => {
    await using world = await openScene();
    const clone = await world.clone();
    expect((await run('mount', '/', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', world.home])).exitCode).toBe(0);
    try {
      const { exitCode, output } = await world.pipe(clone, once);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output });
      expect(output).toMatch(/WARNING:.*\.ssh is not updated: .*(EROFS|ENOENT)/);
      const { 'refs/heads/main': main } = await world.sourceRefs();
      expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': main });
      await expectNothingLeft(world);
    } finally {
      await run('umount', '/', [world.home]);
    }
  });
});
