import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFolder } from './folder';
import { type Ended, git, gitEnvironment, grow, readRefs, run, tryGit } from './git';
import { openSshd, type Sshd, sshdAvailable } from './sshd';

/** Makes an RSA key pair `<name>`, `<name>.pub` in a folder; gives the public key. */
async function createKey(folder: string, name: string): Promise<string> {
  await run('ssh-keygen', folder, ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', name]);
  return readFile(join(folder, `${name}.pub`), 'utf8');
}

interface Client {
  readonly options: readonly string[];
  git(...args: readonly string[]): Promise<Ended>;
  ssh(...command: readonly string[]): Promise<Ended>;
}

/** A client that knows the host by `known_hosts` lines alone. Its files stand in the folder. */
async function createClient(
  folder: string,
  sshd: Sshd,
  key = 'id',
  knownHosts = sshd.knownHosts,
): Promise<Client> {
  await writeFile(join(folder, 'known_hosts'), `${knownHosts}\n`);
  const options = ['-F', 'none', '-i', join(folder, key)];
  for (const option of ['BatchMode=yes', 'IdentitiesOnly=yes', 'StrictHostKeyChecking=yes'])
    options.push('-o', option);
  options.push('-o', `UserKnownHostsFile=${join(folder, 'known_hosts')}`, '-o', 'GlobalKnownHostsFile=none');
  const env = { GIT_SSH_COMMAND: `ssh ${options.join(' ')}` };
  return {
    options,
    git: (...args) => tryGit(join(folder, 'local'), args, { env }),
    ssh: (...command) =>
      run('ssh', folder, [...options, '-p', String(sshd.port), `${sshd.user}@${sshd.host}`, ...command]),
  };
}

describe.runIf(sshdAvailable())("OpenSSH's own sshd", { tags: ['slow'] }, () => {
  test('a push, a listing and a fetch, with the host key known', async () => {
    await using folder = await openFolder();
    await using sshd = await openSshd({ root: folder.path, keys: [await createKey(folder.path, 'id')] });
    const repository = await sshd.createRepository('my.app-1_x');
    const url = sshd.url('my.app-1_x');
    await git(folder.path, 'init', '--quiet', 'local');
    const main = await grow(join(folder.path, 'local'), 'main', { count: 3 });
    const other = await grow(join(folder.path, 'local'), 'other/one');
    const client = await createClient(folder.path, sshd);

    expect((await client.git('push', '--quiet', url, 'main', 'other/one')).exitCode).toBe(0);
    expect(await readRefs(repository)).toEqual({ 'refs/heads/main': main, 'refs/heads/other/one': other });
    const listing = await client.git('ls-remote', '--heads', url);
    expect(listing.stdout).toBe(`${main}\trefs/heads/main\n${other}\trefs/heads/other/one\n`);
    await git(folder.path, 'init', '--quiet', '--bare', 'second');
    const fetched = await client.git('-C', '../second', 'fetch', '--quiet', url, 'refs/heads/*:refs/heads/*');
    expect(fetched.exitCode).toBe(0);
    expect(await readRefs(join(folder.path, 'second'))).toEqual(await readRefs(repository));
    expect(sshd.readLog().match(/Accepted publickey/g)).toHaveLength(3);
    const printed = await run('ssh-keygen', folder.path, ['-l', '-f', 'known_hosts']);
    expect(printed.stdout).toContain(`2048 ${sshd.fingerprint} `);
  });

  test('no atomic push, and the default branch stays', async () => {
    await using folder = await openFolder();
    await using sshd = await openSshd({ root: folder.path, keys: [await createKey(folder.path, 'id')] });
    const repository = await sshd.createRepository('app');
    const main = await grow(repository, 'main');
    await grow(repository, 'other');
    await git(folder.path, 'init', '--quiet', 'local');
    const client = await createClient(folder.path, sshd);

    const atomic = await client.git('push', '--atomic', sshd.url('app'), ':refs/heads/other');
    expect(atomic.stderr).toContain('the receiving end does not support --atomic push');
    const deletion = await client.git('push', sshd.url('app'), ':refs/heads/main', ':refs/heads/other');
    expect(deletion.stderr).toContain('[remote rejected] main (deletion of the current branch prohibited)');
    expect(await readRefs(repository)).toEqual({ 'refs/heads/main': main });
  });

  test('a key is accepted when it was allowed, not before', async () => {
    await using folder = await openFolder();
    await using sshd = await openSshd({ root: folder.path });
    const main = await grow(await sshd.createRepository('app'), 'main');
    const publicKey = await createKey(folder.path, 'id');
    await git(folder.path, 'init', '--quiet', 'local');
    const client = await createClient(folder.path, sshd);

    const refused = await client.git('ls-remote', sshd.url('app'));
    expect(refused.exitCode).toBe(128);
    expect(refused.stderr).toContain('Permission denied (publickey).');
    await sshd.allow(publicKey);
    expect((await client.git('ls-remote', sshd.url('app'), 'main')).stdout).toBe(
      `${main}\trefs/heads/main\n`,
    );
  });

  test('with another host key in known_hosts the client goes away before it offers a key', async () => {
    await using folder = await openFolder();
    await using sshd = await openSshd({ root: folder.path, keys: [await createKey(folder.path, 'id')] });
    await sshd.createRepository('app');
    await git(folder.path, 'init', '--quiet', 'local');
    const another = await createKey(folder.path, 'another');
    const line = `[127.0.0.1]:${sshd.port} ${another.trim()}`;
    const client = await createClient(folder.path, sshd, 'id', line);

    const ended = await client.git('ls-remote', sshd.url('app'));
    expect(ended.exitCode).toBe(128);
    expect(ended.stderr).toContain('Host key verification failed.');
    expect(sshd.readLog()).not.toContain('key RSA');
  });

  test('nothing but the two commands of git on a repository is served', async () => {
    await using folder = await openFolder();
    await using sshd = await openSshd({
      root: join(folder.path, 'root'),
      keys: [await createKey(folder.path, 'id')],
    });
    await sshd.createRepository('app');
    await git(folder.path, 'init', '--quiet', '--bare', 'secret.git');
    const { ssh } = await createClient(folder.path, sshd);

    const greeting = 'You have successfully authenticated over SSH.';
    for (const command of [[], ['id'], ["git-upload-archive '/v1/repos/app'"], ["git-upload-pack '/etc'"]]) {
      const ended = await ssh(...command);
      expect(ended).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(greeting) });
    }
    for (const name of ['..', '../secret', 'a/b', 'app; id', "app' 'x", '$(id)', '', 'app\nid']) {
      const ended = await ssh(`git-upload-pack '/v1/repos/${name}'`);
      expect(ended).toMatchObject({
        exitCode: 128,
        stdout: '',
        stderr: expect.stringContaining('no repository name'),
      });
    }
    const unknown = await ssh("git-receive-pack '/v1/repos/none'");
    expect(unknown).toMatchObject({
      exitCode: 128,
      stderr: "fatal: repository '/v1/repos/none' not found\n",
    });
  });

  test('when disposed, sshd, the git that it serves and its files are gone, and nobody listens', async () => {
    await using folder = await openFolder();
    await using sshd = await openSshd({ root: folder.path, keys: [await createKey(folder.path, 'id')] });
    const repository = await sshd.createRepository('app');
    const silent = connect(sshd.port, sshd.host);
    await once(silent, 'data');
    const { options } = await createClient(folder.path, sshd);
    const address = ['-p', String(sshd.port), `${sshd.user}@${sshd.host}`];
    const waiting = spawn('ssh', [...options, ...address, "git-receive-pack '/v1/repos/app'"], {
      env: gitEnvironment(),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    // The advertisement of refs: from now on git waits for commands.
    await once(waiting.stdout, 'data');
    const ended = once(waiting, 'exit');
    const readServed = async () => {
      const { stdout } = await run('ps', '/', ['-A', '-o', 'ppid=,args=']);
      const lines = stdout.split('\n');
      return {
        git: lines.filter((line) => line.includes(`receive-pack ${repository}`)).length,
        sshd: lines.filter((line) => line.includes('sshd') && Number.parseInt(line, 10) === process.pid)
          .length,
      };
    };
    expect(await readServed()).toEqual({ git: 1, sshd: 2 });
    const files = /found at (.*)\/authorized_keys/.exec(sshd.readLog())?.[1] ?? '';
    expect(existsSync(files)).toBe(true);

    await sshd[Symbol.asyncDispose]();

    expect(await readServed()).toEqual({ git: 0, sshd: 0 });
    expect(existsSync(files)).toBe(false);
    expect(await ended).toEqual([255, null]);
    const [error] = await once(connect(sshd.port, sshd.host), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
