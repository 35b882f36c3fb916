import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commit, openSite, type Site } from './client';

/** Gives the work tree so many tags of its `main`, `n/1` and up, without one process for each. */
async function tagMany(site: Site, count: number): Promise<string> {
  const oid = (await site.git(['rev-parse', 'main'])).stdout.trim();
  const names = Array.from({ length: count }, (_, index) => `${oid} refs/tags/n/${index + 1}`).sort();
  await writeFile(join(site.work, '.git/packed-refs'), `# pack-refs with: sorted\n${names.join('\n')}\n`);
  return oid;
}

describe('the limit of refs in one push', { tags: ['slow'] }, () => {
  it('lets 4,000 through', async () => {
    await using site = await openSite();
    const oid = await tagMany(site, 3999);
    expect(
      await site.git(['push', '--quiet', site.url, 'main', 'refs/tags/n/*:refs/tags/n/*']),
    ).toMatchObject({
      exitCode: 0,
    });
    const refs = await site.refs();
    expect(Object.keys(refs)).toHaveLength(4000);
    expect(new Set(Object.values(refs))).toEqual(new Set([oid]));
  });

  it('refuses all of 4,001', async () => {
    await using site = await openSite();
    await tagMany(site, 4000);
    const push = await site.git(['push', '--porcelain', site.url, 'main', 'refs/tags/n/*:refs/tags/n/*']);
    expect(push.exitCode).toBe(1);
    expect(push.stderr).toContain('remote: A push can change at most 4000 references.');
    expect(push.stdout.match(/^!/gm)).toHaveLength(4001);
    expect(await site.refs()).toEqual({});
  });

  it('counts creates, updates and deletes together', async () => {
    await using site = await openSite();
    const before = await tagMany(site, 3999);
    await site.git(['push', '--quiet', site.url, 'main', 'refs/tags/n/*:refs/tags/n/*']);
    await writeFile(join(site.work, '.git/packed-refs'), '');
    await commit(site, 'second');
    const push = ['push', '--quiet', '--prune', site.url, 'main', 'refs/tags/*:refs/tags/*'];
    const refused = await site.git([...push, 'main:refs/heads/new']);
    expect(refused.stderr).toContain('at most 4000 references');
    expect(new Set(Object.values(await site.refs()))).toEqual(new Set([before]));
    expect(await site.git(push)).toMatchObject({ exitCode: 0 });
    expect(Object.keys(await site.refs())).toEqual(['refs/heads/main']);
  });
});

describe('refs that are declined', () => {
  it('keeps the default branch from being deleted, and that alone', async () => {
    await using site = await openSite();
    const first = await commit(site, 'second');
    await site.git(['push', site.url, 'main', 'main:refs/heads/a', 'main:refs/heads/b']);
    const push = await site.git(['push', '--porcelain', site.url, ':main', ':a', 'main:c']);
    expect(push.exitCode).toBe(1);
    expect(push.stdout).toContain(
      '!\t:refs/heads/main\t[remote rejected] (deletion of the current branch prohibited)',
    );
    expect(push.stdout).toContain('-\t:refs/heads/a\t[deleted]');
    expect(await site.refs()).toEqual({
      'refs/heads/b': first,
      'refs/heads/main': first,
      'refs/heads/c': first,
    });
    expect(await readFile(join(site.repository, 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
  });

  it('declines what a test wants declined, and updates the others', async () => {
    await using site = await openSite();
    const before = await commit(site, 'second');
    await site.git(['push', site.url, 'main', 'main:refs/heads/locked', 'main:refs/heads/gone']);
    site.sandbox.faults.declineRefs = /^refs\/heads\/(locked|gone|new)$/g;
    const after = await commit(site, 'third');
    const refspecs = ['main', 'main:locked', ':gone', 'main:refs/heads/new', 'main:refs/tags/new'];
    const push = await site.git(['push', '--porcelain', site.url, ...refspecs]);
    expect(push.exitCode).toBe(1);
    expect(push.stdout.match(/\[remote rejected\] \(declined by the server\)/g)).toHaveLength(3);
    expect(await site.refs()).toEqual({
      'refs/heads/gone': before,
      'refs/heads/locked': before,
      'refs/heads/main': after,
      'refs/tags/new': after,
    });
    site.sandbox.faults.declineRefs = undefined;
    expect(await site.git(['push', site.url, ...refspecs])).toMatchObject({ exitCode: 0 });
  });

  it('declines branches whose names CodeCommit does not allow, tags of the same name not', async () => {
    await using site = await openSite();
    const oid = await commit(site, 'second');
    const longest = 'l/'.repeat(128);
    const names = [
      '0123456789abcdef'.repeat(3).slice(0, 40),
      `${longest}x`,
      longest.slice(0, -1).concat('y'),
    ];
    const refspecs = names.flatMap((name) => [`main:refs/heads/${name}`, `main:refs/tags/${name}`]);
    const push = await site.git(['push', '--porcelain', site.url, 'main', ...refspecs]);
    expect(push.exitCode).toBe(1);
    expect(push.stdout).toContain('(declined by the server: a branch name of 40 hexadecimal digits)');
    expect(push.stdout).toContain('(declined by the server: a branch name of more than 256 characters)');
    expect(push.stdout.match(/^!/gm)).toHaveLength(2);
    expect(await site.refs()).toEqual(
      Object.fromEntries(
        ['heads/main', `heads/${names[2]}`, ...names.map((name) => `tags/${name}`)].map((name) => [
          `refs/${name}`,
          oid,
        ]),
      ),
    );
  });

  it('makes no declined branch the default branch', async () => {
    await using site = await openSite({ declineRefs: /trunk/ });
    await site.git(['push', site.url, 'main:refs/heads/trunk', 'main:refs/heads/zebra']);
    expect(Object.keys(await site.refs())).toEqual(['refs/heads/zebra']);
    expect(await readFile(join(site.repository, 'HEAD'), 'utf8')).toBe('ref: refs/heads/zebra\n');
  });
});
