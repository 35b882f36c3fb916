import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openUsersWay } from '../../../src/remote/ssh/usersSsh';
import { createCleaner, createLog } from '../../../src/report/log';
import { createStopwatch } from '../../../src/report/stopwatch';
import { createKeyPair } from '../../../src/sandbox/server';
import type { Context } from '../../../src/system/context';
import { openFolder } from '../../servers/folder';
import { commit, git, run } from '../../servers/git';
import { openSshd, sshdAvailable } from '../../servers/sshd';

const keyPair = createKeyPair();

/** A user with a ~/.ssh of their own, whose connections to Bitbucket end at an sshd on loopback. */
async function openDesk(host = '') {
  const folder = await openFolder();
  const path = (name: string) => join(folder.path, name);
  const sshd = await openSshd({ root: folder.path, keys: [keyPair.publicKey], ed25519: true });
  await sshd.createRepository('app');
  const work = path('work');
  await git('/', 'init', '--quiet', work);
  const head = await commit(work, 'one', { 'a.txt': 'a' });
  await git(work, 'push', '--quiet', path('app.git'), 'HEAD:refs/heads/main');
  await writeFile(path('key'), keyPair.privateKey, { mode: 0o600 });
  await writeFile(path('known_hosts'), '');
  await writeFile(
    path('proxy.cjs'),
    `require('node:fs').appendFileSync(process.argv[2], process.argv[3] + '\\n');
const socket = require('node:net').connect(${sshd.port}, '127.0.0.1');
process.stdin.pipe(socket).pipe(process.stdout);`,
  );
  const block = `Host bitbucket.org\n  IdentityFile ${path('key')}\n${host}`;
  const everywhere = `  ProxyCommand ${process.execPath} ${path('proxy.cjs')} ${path('dialled')} %h:%p
  UserKnownHostsFile ${path('known_hosts')}\n  GlobalKnownHostsFile none\n  BatchMode yes\n  IdentityAgent none`;
  await writeFile(path('config'), `${block}Host *\n${everywhere}\n`);
  const said: string[] = [];
  const stream = { write: (text: string) => said.push(text) };
  const now = () => 0;
  const context: Context = {
    env: { PATH: process.env['PATH'], HOME: folder.path, GIT_SSH_COMMAND: `ssh -F ${path('config')}` },
    log: createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now }),
    signal: new AbortController().signal,
    stopwatch: createStopwatch(now),
    startedAt: new Date(),
  };
  return {
    sshd,
    head,
    said,
    context,
    knownHosts: path('known_hosts'),
    url: `ssh://${sshd.user}@bitbucket.org/v1/repos/app`,
    dialled: async () => (await readFile(path('dialled'), 'utf8')).trimEnd().split('\n'),
    async [Symbol.asyncDispose]() {
      await sshd[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Desk = Awaited<ReturnType<typeof openDesk>>;

async function list({ context }: Desk, url: string, hostKey?: string) {
  const settings = { url, name: url, login: { kind: 'none' }, usersGit: true } as const;
  await using way = await openUsersWay(settings, context, hostKey);
  return await run('git', '/', ['ls-remote', '--', url, 'refs/heads/main'], { env: way.env });
}

/** The line of known_hosts without its name: type and key. */
async function readHostKey({ sshd }: Desk): Promise<string> {
  const scanned = await run('ssh-keyscan', '/', ['-t', 'ed25519', '-p', String(sshd.port), sshd.host]);
  return scanned.stdout.trim().split(' ').slice(1).join(' ');
}

describe.skipIf(!sshdAvailable())('a source at ssh://bitbucket.org', { tags: ['slow'] }, () => {
  test('is read from ssh.bitbucket.org, with the key of the user for bitbucket.org, and said once', async () => {
    await using desk = await openDesk();
    const hostKey = await readHostKey(desk);
    for (let attempt = 0; attempt < 2; attempt++) {
      const listed = await list(desk, desk.url, hostKey);
      expect(listed).toEqual({ exitCode: 0, stdout: `${desk.head}\trefs/heads/main\n`, stderr: '' });
    }
    expect(await desk.dialled()).toEqual(['ssh.bitbucket.org:22', 'ssh.bitbucket.org:22']);
    expect(desk.said).toEqual([
      expect.stringContaining(
        `git remote set-url origin ssh://${desk.sshd.user}@ssh.bitbucket.org/v1/repos/app`,
      ),
    ]);
  });

  test('is not read with a host key that neither Atlassian published nor the user knows', async () => {
    await using desk = await openDesk();
    const listed = await list(desk, desk.url);
    expect([listed.exitCode, listed.stdout]).toEqual([128, '']);
    expect(listed.stderr).toContain('Host key verification failed');
  });

  test('is read with a host key that the user knows for ssh.bitbucket.org', async () => {
    await using desk = await openDesk();
    await writeFile(desk.knownHosts, `ssh.bitbucket.org ${await readHostKey(desk)}\n`);
    expect((await list(desk, desk.url)).stdout).toContain(desk.head);
  });

  test('is left alone where the user already goes another way', async () => {
    await using desk = await openDesk('  HostName altssh.bitbucket.org\n  Port 443\n');
    await writeFile(desk.knownHosts, `[altssh.bitbucket.org]:443 ${await readHostKey(desk)}\n`);
    expect((await list(desk, desk.url)).stdout).toContain(desk.head);
    expect([await desk.dialled(), desk.said]).toEqual([['altssh.bitbucket.org:443'], []]);
  });

  test('means that host and port alone', async () => {
    await using desk = await openDesk();
    const others = ['altssh.bitbucket.org:443', 'ssh.bitbucket.org', 'bitbucket.org:2222', 'example.org'];
    for (const other of others) {
      const url = desk.url.replace('bitbucket.org', other);
      const settings = { url, name: url, login: { kind: 'none' }, usersGit: true } as const;
      await using way = await openUsersWay(settings, desk.context);
      expect(way.env['GIT_SSH_COMMAND']).toBe(desk.context.env['GIT_SSH_COMMAND']);
    }
    expect(desk.said).toEqual([]);
  });
});
