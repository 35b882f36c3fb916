// @module-tag slow
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { commit, openSite, run, type Site, toAddress } from './client';

async function commitLarge(site: Site): Promise<string> {
  await run('sh', ['-c', 'head -c 3000000 /dev/urandom > "$1"/large', 'sh', site.work]);
  await site.git(['add', 'large']);
  return commit(site, 'large');
}

describe('a connection that drops', () => {
  it('leaves the repository whole and as it was', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const before = await site.refs();
    const after = await commitLarge(site);
    site.sandbox.faults.dropAfterBytes = 1_000_000;
    const push = await site.git(['push', site.url, 'main']);
    expect(push.exitCode).not.toBe(0);
    expect(push.stderr).toMatch(/unexpected|closed by remote host|Broken pipe|reset/);
    site.sandbox.faults.dropAfterBytes = undefined;
    expect(await site.refs()).toEqual(before);
    expect(await run('git', ['--git-dir', site.repository, 'fsck', '--strict'])).toMatchObject({
      exitCode: 0,
    });
    expect(await site.git(['push', site.url, 'main'])).toMatchObject({ exitCode: 0 });
    expect(await site.refs()).toEqual({ 'refs/heads/main': after });
  });

  it('is cut at its own count, not at that of an earlier one', async () => {
    await using site = await openSite({ dropAfterBytes: 100_000 });
    for (const _ of [1, 2, 3]) expect(await site.git(['ls-remote', site.url])).toMatchObject({ exitCode: 0 });
    await commitLarge(site);
    expect(await site.git(['push', site.url, 'main'])).not.toMatchObject({ exitCode: 0 });
    expect(site.sandbox.counts).toMatchObject({ connections: 4, authentications: 4 });
  });
});

describe('a server that breaks off', () => {
  it('in its answer: the client has half a listing, and says so', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    site.sandbox.faults.dropAfterBytesSent = 300;
    const listing = await site.git(['ls-remote', site.url]);
    expect(listing).toMatchObject({ exitCode: 128, stdout: '' });
    site.sandbox.faults.dropAfterBytesSent = undefined;
    expect(await site.git(['ls-remote', site.url])).toMatchObject({ exitCode: 0 });
  });

  it('at any moment: every connection is gone, and the next one is served', async () => {
    await using site = await openSite();
    const before = await site.refs();
    site.sandbox.faults.beforeReceive = async () => site.sandbox.cut();
    expect(await site.git(['push', site.url, 'main'])).not.toMatchObject({ exitCode: 0 });
    expect(await site.refs()).toEqual(before);
    site.sandbox.faults.beforeReceive = undefined;
    expect(await site.git(['push', site.url, 'main'])).toMatchObject({ exitCode: 0 });
  });

  it('before it says a word: the client hears nothing of it', async () => {
    await using site = await openSite({ refuseConnections: true });
    const listing = await site.git(['ls-remote', site.url]);
    expect(listing.exitCode).toBe(128);
    expect(listing.stderr).toMatch(/closed by|reset by/);
    expect(site.sandbox.counts).toMatchObject({ connections: 1, authentications: 0 });
  });
});

describe('one connection for many sessions', () => {
  const toOptions = (site: Site) =>
    ['ControlMaster=auto', `ControlPath=${site.folder}/c`, 'ControlPersist=60'].flatMap((option) => [
      '-o',
      option,
    ]);

  it('serves them all on it', async () => {
    await using site = await openSite();
    for (const args of [['ls-remote'], ['push']]) {
      expect(await site.git([...args, site.url, 'main'], toOptions(site))).toMatchObject({ exitCode: 0 });
    }
    await Promise.all([1, 2, 3].map(() => site.git(['ls-remote', site.url], toOptions(site))));
    expect(site.sandbox.counts).toMatchObject({ connections: 1, authentications: 1, sessions: 5, pushes: 1 });
  });

  it('refuses the second where it shall, and git falls back on a connection of its own', async () => {
    await using site = await openSite({ refuseSecondSession: true });
    const oid = await commit(site, 'second');
    expect(await site.git(['ls-remote', site.url], toOptions(site))).toMatchObject({ exitCode: 0 });
    const push = await site.git(['push', site.url, 'main'], toOptions(site));
    expect(push.exitCode).toBe(0);
    expect(await site.refs()).toEqual({ 'refs/heads/main': oid });
    expect(site.sandbox.counts).toMatchObject({ connections: 2, authentications: 2, sessions: 2, pushes: 1 });
  });
});

describe('a slow line', () => {
  it('delays each direction and loses nothing', async () => {
    await using site = await openSite();
    const measure = async () => {
      const start = performance.now();
      expect(await site.git(['ls-remote', site.url])).toMatchObject({ exitCode: 0 });
      return performance.now() - start;
    };
    const fast = await measure();
    site.sandbox.faults.latencyMs = 50;
    // Eight round trips at least: banner, KEXINIT, key exchange, service, none, the key, its signature, the session.
    expect((await measure()) - fast).toBeGreaterThan(8 * 2 * 50 * 0.6);
    const oid = await commitLarge(site);
    expect(await site.git(['push', site.url, 'main'])).toMatchObject({ exitCode: 0 });
    expect(await site.refs()).toEqual({ 'refs/heads/main': oid });
    const clone = join(site.folder, 'clone');
    expect(await site.git(['clone', '--quiet', site.url, clone])).toMatchObject({ exitCode: 0 });
  });
});

describe('somebody else who pushes', () => {
  it('gets in before a push learns the refs', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const [old] = Object.values(await site.refs());
    const theirs = await commit(site, 'theirs');
    const push = await site.git(['push', '--porcelain', site.url, 'main:refs/heads/theirs']);
    expect(push.exitCode).toBe(0);
    site.sandbox.faults.beforeAdvertise = async () => {
      await run('git', ['--git-dir', site.repository, 'update-ref', 'refs/heads/main', theirs]);
    };
    await site.git(['reset', '--quiet', '--hard', 'HEAD~1']);
    await commit(site, 'ours');
    const lease = `--force-with-lease=main:${old}`;
    const ours = await site.git(['push', '--porcelain', lease, site.url, 'main']);
    expect(ours.exitCode).toBe(1);
    expect(ours.stdout).toContain('!\trefs/heads/main:refs/heads/main\t[rejected] (stale info)');
    expect(await site.refs()).toEqual({ 'refs/heads/main': theirs, 'refs/heads/theirs': theirs });
  });

  it('gets in while a push is under way', async () => {
    await using site = await openSite();
    const before = await commit(site, 'second');
    await site.git(['push', site.url, 'main', 'main:refs/heads/other']);
    const theirs = (await site.git(['rev-parse', 'HEAD~1'])).stdout.trim();
    const after = await commit(site, 'third');
    site.sandbox.faults.afterAdvertise = async () => {
      await run('git', ['--git-dir', site.repository, 'update-ref', 'refs/heads/main', theirs]);
    };
    const lease = `--force-with-lease=main:${before}`;
    const push = await site.git(['push', '--porcelain', lease, site.url, 'main', 'main:other']);
    expect(push.exitCode).toBe(1);
    expect(push.stdout).toMatch(
      /!\trefs\/heads\/main:refs\/heads\/main\t\[remote rejected\] \(failed to update ref\)/,
    );
    expect(await site.refs()).toEqual({ 'refs/heads/main': theirs, 'refs/heads/other': after });
  });

  it('fails the push where the test itself fails, and says so', async () => {
    await using site = await openSite({ beforeReceive: () => Promise.reject(new Error('no luck')) });
    const push = await site.git(['push', site.url, 'main']);
    expect(push.exitCode).toBe(128);
    expect(push.stderr).toContain('fatal: Error: no luck');
    site.sandbox.faults.beforeReceive = undefined;
    site.sandbox.faults.afterAdvertise = () => Promise.reject(new Error('none here'));
    const late = await site.git(['push', site.url, 'main']);
    expect(late.exitCode).not.toBe(0);
    expect(late.stderr).toContain('fatal: Error: none here');
    expect(await site.refs()).toEqual({});
  });
});

describe('a server that never speaks', () => {
  it('takes the connection and no more', async () => {
    await using site = await openSite({ silentBanner: true });
    const result = await site.ssh(undefined, ['-o', 'ConnectTimeout=1']);
    expect(result.exitCode).toBe(255);
    expect(result.stderr).toContain('timed out during banner exchange');
    expect(site.sandbox.counts).toMatchObject({ connections: 1, offeredKeys: 0, bytesSent: 0 });
  });
});

describe('closing in the middle', () => {
  function startSsh(site: Site, command: string): ChildProcess {
    return spawn('ssh', [...site.sshArguments, ...toAddress(site.sandbox), command], { stdio: 'pipe' });
  }

  /** The command lines of the processes that work on the server's repository. */
  async function readServants(site: Site): Promise<readonly string[]> {
    const lines = process.platform === 'linux' ? await readProc() : await readPs();
    return lines.filter((line) => line.startsWith('git') && line.includes(site.repository));
  }

  /** A slim Linux has no ps. */
  async function readProc(): Promise<readonly string[]> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  }

  async function readPs(): Promise<readonly string[]> {
    return (await run('ps', ['-A', '-o', 'args'])).stdout.split('\n');
  }

  it('ends a push that waits for its client', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const client = startSsh(site, "git-receive-pack '/v1/repos/demo'");
    if (client.stdout === null) throw new Error('no stdout');
    await once(client.stdout, 'data');
    expect(await readServants(site)).toHaveLength(1);
    const ended = once(client, 'close');
    await site.sandbox[Symbol.asyncDispose]();
    expect(await ended).toEqual([255, null]);
    expect(await readServants(site)).toEqual([]);
  });

  it('ends what a client asked for that does not listen', async () => {
    await using site = await openSite();
    await site.git(['push', site.url, 'main']);
    const [oid] = Object.values(await site.refs());
    // 6 MB of refs are more than the pipes and the SSH window (2 MB) between git and this client hold.
    const refs = Array.from(
      { length: 80_000 },
      (_, index) => `${oid} refs/tags/${String(index).padStart(20, '0')}`,
    );
    await writeFile(join(site.repository, 'packed-refs'), `# pack-refs with: sorted\n${refs.join('\n')}\n`);
    const client = startSsh(site, "git-upload-pack '/v1/repos/demo'");
    if (client.stdout === null) throw new Error('no stdout');
    await once(client.stdout, 'readable');
    expect(await readServants(site)).toHaveLength(1);
    await site.sandbox[Symbol.asyncDispose]();
    expect(await readServants(site)).toEqual([]);
    client.kill();
  });

  it('does what a client that is gone has asked for in whole, and serves the next', async () => {
    await using site = await openSite();
    let release: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => {
      site.sandbox.faults.afterAdvertise = () =>
        new Promise((proceed) => {
          release = proceed;
          resolve();
        });
    });
    const push = spawn('git', ['-C', site.work, 'push', site.url, 'main'], {
      env: { ...process.env, GIT_SSH_COMMAND: ['ssh', ...site.sshArguments].join(' ') },
      detached: true,
    });
    await arrived;
    if (push.pid === undefined) throw new Error('git did not start');
    // 'close' waits for the ssh below git too: it holds the same standard error.
    const ended = once(push, 'close');
    process.kill(-push.pid, 'SIGKILL');
    await ended;
    site.sandbox.faults.afterAdvertise = undefined;
    const second = await site.git(['push', '--quiet', site.url, 'main:refs/heads/other']);
    expect(second).toMatchObject({ exitCode: 0 });
    release?.();
    await site.sandbox[Symbol.asyncDispose]();
    expect(await readServants(site)).toEqual([]);
    expect(Object.keys(await site.refs())).toEqual(['refs/heads/main', 'refs/heads/other']);
    expect(await run('git', ['--git-dir', site.repository, 'fsck'])).toMatchObject({ exitCode: 0 });
    expect(await readdir(join(site.repository, 'objects'))).not.toContainEqual(
      expect.stringContaining('tmp_'),
    );
  });
});
