import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSandbox } from '../../src/sandbox/server';
import { commit, openSite, readRefs, run, sshKeyId } from './client';

describe('git over the sandbox', () => {
  it('takes a push and gives the same refs to a clone', async () => {
    await using site = await openSite();
    const main = await commit(site, 'second');
    await site.git(['tag', '--annotate', '--message', 'v1', 'v1']);
    await site.git(['branch', 'feature/a', 'HEAD~1']);
    const push = await site.git(['push', '--mirror', site.url]);
    expect(push).toMatchObject({ exitCode: 0 });
    const local = await readRefs(join(site.work, '.git'));
    expect(Object.keys(local)).toEqual(['refs/heads/feature/a', 'refs/heads/main', 'refs/tags/v1']);
    expect(await site.refs()).toEqual(local);
    const clone = join(site.folder, 'clone.git');
    expect(await site.git(['clone', '--quiet', '--mirror', site.url, clone])).toMatchObject({ exitCode: 0 });
    expect(await readRefs(clone)).toEqual(local);
    expect((await run('git', ['--git-dir', clone, 'rev-parse', 'HEAD'])).stdout.trim()).toBe(main);
    expect(site.sandbox.counts).toMatchObject({
      connections: 2,
      authentications: 2,
      offeredKeys: 2,
      sessions: 2,
      pushes: 1,
    });
    expect(site.sandbox.counts.bytesReceived).toBeGreaterThan(1000);
    expect(site.sandbox.counts.bytesSent).toBeGreaterThan(1000);
  });

  it('carries megabytes both ways without a loss', { tags: ['slow'] }, async () => {
    await using site = await openSite();
    await run('sh', ['-c', 'head -c 12000000 /dev/urandom > "$1"/large', 'sh', site.work]);
    await site.git(['add', 'large']);
    const main = await commit(site, 'large');
    expect(await site.git(['push', site.url, 'main'])).toMatchObject({ exitCode: 0 });
    expect(await site.refs()).toEqual({ 'refs/heads/main': main });
    expect(site.sandbox.counts.bytesReceived).toBeGreaterThan(12_000_000);
    const clone = join(site.folder, 'clone');
    expect(await site.git(['clone', '--quiet', site.url, clone])).toMatchObject({ exitCode: 0 });
    const sent = await readFile(join(site.work, 'large'));
    expect(sent.equals(await readFile(join(clone, 'large')))).toBe(true);
    expect(site.sandbox.counts.bytesSent).toBeGreaterThan(12_000_000);
  });

  it('takes forced pushes and deletions', async () => {
    await using site = await openSite();
    await commit(site, 'rewritten');
    await site.git(['push', site.url, 'main', 'main:refs/heads/old', 'main:refs/tags/t']);
    await site.git(['reset', '--quiet', '--hard', 'HEAD~1']);
    const main = await commit(site, 'other');
    const push = await site.git(['push', '--force', site.url, 'main', ':refs/heads/old', ':refs/tags/t']);
    expect(push).toMatchObject({ exitCode: 0 });
    expect(await site.refs()).toEqual({ 'refs/heads/main': main });
  });

  it('offers no atomic pushes, push options or offset deltas', async () => {
    await using site = await openSite();
    const atomic = await site.git(['push', '--atomic', site.url, 'main']);
    expect(atomic.exitCode).not.toBe(0);
    expect(atomic.stderr).toContain('the receiving end does not support --atomic push');
    const option = await site.git(['push', '--push-option=x', site.url, 'main']);
    expect(option.exitCode).not.toBe(0);
    expect(option.stderr).toContain('the receiving end does not support push options');
    const advertised = (await site.ssh("git-receive-pack '/v1/repos/demo'")).stdout;
    expect(advertised).toMatch(/report-status.*delete-refs.*side-band-64k/);
    expect(advertised).not.toMatch(/atomic|push-options|ofs-delta/);
    expect(await site.refs()).toEqual({});
  });

  it('speaks protocol version 0 whatever the client asks for', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const trace = await run('git', ['-c', 'protocol.version=2', 'ls-remote', site.url], {
      GIT_TRACE_PACKET: '1',
      GIT_SSH_COMMAND: ['ssh', ...site.sshArguments].join(' '),
    });
    expect(trace.exitCode).toBe(0);
    expect(trace.stderr).not.toContain('version 2');
    expect(trace.stdout).toContain('refs/heads/main');
  });
});

describe('repositories', () => {
  it('says that an unknown repository is not found', async () => {
    await using site = await openSite();
    const list = await site.git(['ls-remote', site.sandbox.url('nowhere', sshKeyId)]);
    expect(list.exitCode).toBe(128);
    expect(list.stderr).toContain("fatal: repository '/v1/repos/nowhere' not found");
    expect(await site.ssh("git-upload-pack '/v1/repos/nowhere'")).toMatchObject({
      exitCode: 128,
      stdout: '',
    });
  });

  it.each([
    '/v1/repos/../root/demo',
    '/v1/repos/..',
    '/v1/repos/.',
    '/v1/repos/',
    '/v1/repos/demo/',
    '/v1/repos/demo/../demo',
    '/v1/repos//demo',
    '//v1/repos/demo',
    '/v1/repos/demo.git',
    '/v1/repos/demo\n',
    '/demo',
    'demo',
    '',
  ])('finds no repository at %j', async (path) => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const result = await site.ssh(`git-upload-pack '${path}'`);
    expect(result).toEqual({ exitCode: 128, stdout: '', stderr: `fatal: repository '${path}' not found\n` });
  });

  it('finds no repository outside its root by an absolute path', async () => {
    await using site = await openSite();
    const result = await site.ssh(`git-upload-pack '${site.repository}'`);
    expect(result).toMatchObject({ exitCode: 128, stdout: '' });
  });

  it.each(['', '.', '..', 'a/b', 'a b', 'a.git', 'a'.repeat(101), 'ä', '../x'])(
    'makes none called %j',
    async (name) => {
      await using site = await openSite();
      await expect(site.sandbox.createRepository(name)).rejects.toThrow('not a repository name');
      expect(readdirSync(site.sandbox.root)).toEqual(['demo']);
    },
  );

  it('makes the first branch pushed the default branch, and no later one', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main:refs/tags/early']);
    expect(await readFile(join(site.repository, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
    await site.git(['push', site.url, 'main:refs/heads/trunk', 'main:refs/heads/zebra']);
    expect(await readFile(join(site.repository, 'HEAD'), 'utf8')).toBe('ref: refs/heads/trunk\n');
    await site.git(['push', site.url, 'main']);
    expect(await readFile(join(site.repository, 'HEAD'), 'utf8')).toBe('ref: refs/heads/trunk\n');
    const list = await site.git(['ls-remote', '--symref', site.url, 'HEAD']);
    expect(list.stdout).toContain('ref: refs/heads/trunk\tHEAD');
  });
});

describe('commands', () => {
  const greeting =
    'You have successfully authenticated over SSH. You can use Git to interact with AWS CodeCommit. Interactive shells are not supported.\n';

  it('greets a client without a command', async () => {
    await using site = await openSite();
    expect(await site.ssh(undefined)).toEqual({ exitCode: 1, stdout: greeting, stderr: '' });
  });

  it.each([
    'ls',
    'git-upload-archive /v1/repos/demo',
    'git-upload-pack /v1/repos/demo',
    "git-upload-pack --strict '/v1/repos/demo'",
    "git-upload-pack '/v1/repos/demo' && touch ../intruder",
    "git-upload-pack '/v1/repos/demo';touch '../intruder'",
    "git-upload-pack '$(touch ../intruder)''/v1/repos/demo'",
    " git-upload-pack '/v1/repos/demo'",
    "git-shell -c 'git-upload-pack demo'",
  ])('runs nothing for %j', async (command) => {
    await using site = await openSite();
    const before = readdirSync(site.folder);
    expect(await site.ssh(command)).toEqual({ exitCode: 1, stdout: greeting, stderr: '' });
    expect(readdirSync(site.folder)).toEqual(before);
    expect(readdirSync(site.sandbox.root)).toEqual(['demo']);
  });

  it('understands both spellings of a service', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const dashed = await site.ssh("git-upload-pack '/v1/repos/demo'");
    const spaced = await site.ssh("git upload-pack '/v1/repos/demo'");
    expect(dashed.stdout).toContain('refs/heads/main');
    expect(spaced.stdout).toBe(dashed.stdout);
  });
});

describe('opening and closing', () => {
  it('fails on a port that is taken, and leaves nothing behind', async () => {
    await using site = await openSite();
    const taken = openSandbox({ root: site.sandbox.root, port: site.sandbox.port });
    await expect(taken).rejects.toThrow('EADDRINUSE');
    expect(await site.git(['push', site.url, 'main'])).toMatchObject({ exitCode: 0 });
  });

  it('can be closed twice, and answers no more', async () => {
    await using site = await openSite();
    await Promise.all([site.sandbox[Symbol.asyncDispose](), site.sandbox[Symbol.asyncDispose]()]);
    await site.sandbox[Symbol.asyncDispose]();
    const list = await site.git(['ls-remote', site.url]);
    expect(list.exitCode).toBe(128);
    expect(list.stderr).toContain('Connection refused');
  });
});
