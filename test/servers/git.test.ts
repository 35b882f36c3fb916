import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder } from './folder';
import { commit, git, gitEnvironment, gitWith, grow, readRefs, setDate, tryGit } from './git';

test('commits have a fixed identity and a clock that is set, so that their object IDs are the same each time', async () => {
  await using folder = await openFolder();
  const dir = folder.path;
  await git(dir, 'init', '--quiet');
  setDate(new Date('2026-03-01T00:00:00Z'));
  const first = await commit(dir, 'first', { 'a/b.txt': 'one\n' });
  const second = await commit(dir, 'second');

  expect(await git(dir, 'log', '--format=%an <%ae> %aI %s')).toBe(
    'Ada <ada@example.com> 2026-03-01T00:02:00+00:00 second\nAda <ada@example.com> 2026-03-01T00:01:00+00:00 first',
  );
  expect(await git(dir, 'ls-tree', '-r', '--name-only', 'HEAD')).toBe('a/b.txt');
  expect(await readRefs(dir)).toEqual({ 'refs/heads/main': second });
  setDate(new Date('2026-03-01T00:00:00Z'));
  await git(dir, 'checkout', '--quiet', '--orphan', 'again');
  expect(await commit(dir, 'first')).toBe(first);
});

test('a branch grows, starts at a revision, or starts anew', async () => {
  await using folder = await openFolder();
  const dir = folder.path;
  await git(dir, 'init', '--quiet', '--bare');
  const main = await grow(dir, 'main', { count: 3 });
  const longer = await grow(dir, 'main', { count: 2 });
  const side = await grow(dir, 'side', { from: main });
  await grow(dir, 'alone');

  expect(await git(dir, 'rev-list', '--count', 'main')).toBe('5');
  expect(await git(dir, 'rev-parse', 'main~2', 'side~1')).toBe(`${main}\n${main}`);
  expect(await git(dir, 'rev-list', '--count', 'alone')).toBe('1');
  expect(await readRefs(dir)).toMatchObject({ 'refs/heads/main': longer, 'refs/heads/side': side });
  const rewritten = await grow(dir, 'main', { from: side });
  expect(await git(dir, 'rev-parse', 'main', 'main~1')).toBe(`${rewritten}\n${side}`);
});

test('nothing of the machine reaches git: neither its variables nor its configuration', async () => {
  await using folder = await openFolder();
  const config = join(folder.path, 'config');
  await writeFile(config, '[user]\n\tname = Somebody\n');
  const before = process.env['GIT_CONFIG_GLOBAL'];
  process.env['GIT_CONFIG_GLOBAL'] = config;
  process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
  try {
    expect(await tryGit(folder.path, ['config', '--get', 'user.name'])).toMatchObject({
      exitCode: 1,
      stdout: '',
    });
    expect(gitEnvironment()).not.toHaveProperty('HTTPS_PROXY');
  } finally {
    delete process.env['HTTPS_PROXY'];
    if (before === undefined) delete process.env['GIT_CONFIG_GLOBAL'];
    else process.env['GIT_CONFIG_GLOBAL'] = before;
  }
});

test('a failure is told in the words of git', async () => {
  await using folder = await openFolder();
  const missing = gitWith({ input: '' }, folder.path, 'rev-parse', 'HEAD');
  await expect(missing).rejects.toThrow(/^git rev-parse HEAD: exit 128\nfatal: not a git repository/);
});
