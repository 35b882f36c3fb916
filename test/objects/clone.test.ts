import { appendFile, chmod, lchown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Clone, findClone } from '../../src/objects/clone';
import { openScratch, type Scratch } from '../../src/objects/scratch';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import { openFolder } from '../servers/folder';
import { commit, createBareRepository, git, grow, run } from '../servers/git';

/** A scratch repository that borrows from a clone. */
async function openBorrowed(clone: Clone | undefined, temporary: string): Promise<Scratch> {
  const stream = { write: () => undefined };
  const log = createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: Date.now });
  const env = { PATH: process.env['PATH'], TMPDIR: temporary };
  return await openScratch(clone, {
    env,
    log,
    signal: new AbortController().signal,
    stopwatch: createStopwatch(Date.now),
    startedAt: new Date(),
  });
}

/** A repository with some commits; its path and the tip of main. */
async function createSource(folder: string): Promise<{ readonly path: string; readonly tip: string }> {
  const path = await createBareRepository(join(folder, 'source.git'));
  return { path, tip: await grow(path, 'main', { count: 5 }) };
}

async function expectToHave(clone: Clone | undefined, temporary: string, tip: string): Promise<void> {
  await using scratch = await openBorrowed(clone, temporary);
  const refs = { 'refs/heads/here': tip, 'refs/heads/missing': '0'.repeat(40) };
  const missing = await scratch.selectMissing(Object.entries(refs));
  expect([...missing.keys()]).toEqual(['refs/heads/missing']);
}

test('no clone is found where there is none', async () => {
  await using folder = await openFolder();
  expect(await findClone(folder.path)).toBe(undefined);
  await mkdir(join(folder.path, '.git'));
  expect(await findClone(folder.path)).toBe(undefined);
});

test('a clone is found from a folder inside of it, with the place where its history was cut off', async () => {
  await using folder = await openFolder();
  const { path, tip } = await createSource(folder.path);
  await git(folder.path, 'clone', '--quiet', '--depth', '2', `file://${path}`, 'clone');
  const inside = join(folder.path, 'clone', 'a', 'b');
  await mkdir(inside, { recursive: true });
  const clone = await findClone(inside);
  const gitDirectory = join(folder.path, 'clone', '.git');
  expect(clone).toEqual({
    gitDirectory,
    commonDirectory: gitDirectory,
    objects: join(gitDirectory, 'objects'),
    shallow: `${await git(path, 'rev-parse', 'main~1')}\n`,
  });
  await expectToHave(clone, folder.path, tip);
});

test('a bare clone', async () => {
  await using folder = await openFolder();
  const { path, tip } = await createSource(folder.path);
  const clone = await findClone(path);
  expect(clone?.objects).toBe(join(path, 'objects'));
  await expectToHave(clone, folder.path, tip);
});

test('a work tree beside the clone: its objects are those of the clone', async () => {
  await using folder = await openFolder();
  const { path, tip } = await createSource(folder.path);
  await git(path, 'worktree', 'add', '--quiet', '--detach', join(folder.path, 'tree'), 'main');
  const clone = await findClone(join(folder.path, 'tree'));
  expect(clone).toEqual({
    gitDirectory: join(path, 'worktrees', 'tree'),
    commonDirectory: path,
    objects: join(path, 'objects'),
    shallow: '',
  });
  await expectToHave(clone, folder.path, tip);
});

test('a clone whose .git is a file', async () => {
  await using folder = await openFolder();
  const { path, tip } = await createSource(folder.path);
  await git(folder.path, 'clone', '--quiet', '--separate-git-dir', 'elsewhere', path, 'clone');
  const clone = await findClone(join(folder.path, 'clone'));
  expect(clone?.gitDirectory).toBe(join(folder.path, 'elsewhere'));
  await expectToHave(clone, folder.path, tip);
});

test('a partial clone is none: its missing objects would be fetched behind our back', async () => {
  await using folder = await openFolder();
  const { path } = await createSource(folder.path);
  await git(path, 'config', 'uploadpack.allowFilter', 'true');
  await git(folder.path, 'clone', '--quiet', '--filter=blob:none', `file://${path}`, 'clone');
  expect(await findClone(join(folder.path, 'clone'))).toBe(undefined);
});

test('a clone that borrows from another one itself', async () => {
  await using folder = await openFolder();
  const { path, tip } = await createSource(folder.path);
  await git(folder.path, 'clone', '--quiet', '--shared', path, 'shared');
  await expectToHave(await findClone(join(folder.path, 'shared')), folder.path, tip);
});

test.each(['with a space', '#hash', '"quoted"', 'new\nline', 'ünï:colon', '100%'])(
  'a clone in a folder named %j',
  async (name) => {
    await using folder = await openFolder();
    const { path, tip } = await createSource(folder.path);
    await git(folder.path, 'clone', '--quiet', path, 'clone');
    await rename(join(folder.path, 'clone'), join(folder.path, name));
    await expectToHave(await findClone(join(folder.path, name)), folder.path, tip);
  },
);

test('nothing that the configuration or the hooks of a clone name is run or obeyed', async () => {
  await using folder = await openFolder();
  const { path, tip } = await createSource(folder.path);
  await git(folder.path, 'clone', '--quiet', path, 'clone');
  const clone = join(folder.path, 'clone');
  const witness = join(folder.path, 'was-run');
  const evil = `[core]\n\tfsmonitor = "touch ${witness}"\n\tsshCommand = "touch ${witness}"\n[include]\n\tpath = /dev/zero\n`;
  await appendFile(join(clone, '.git', 'config'), evil);
  await writeFile(join(clone, '.git', 'hooks', 'reference-transaction'), `#!/bin/sh\ntouch ${witness}\n`);
  await chmod(join(clone, '.git', 'hooks', 'reference-transaction'), 0o755);
  await expectToHave(await findClone(clone), folder.path, tip);
  await expect(readFile(witness)).rejects.toThrow('ENOENT');
});

/** To give a folder to somebody else one must be root. */
test.runIf(process.getuid?.() === 0)('a clone that belongs to another user', async () => {
  await using folder = await openFolder();
  const { path } = await createSource(folder.path);
  await git(folder.path, 'clone', '--quiet', path, 'clone');
  const tip = await commit(join(folder.path, 'clone'), 'mine');
  expect((await run('chown', folder.path, ['-R', '65534:65534', 'clone'])).exitCode).toBe(0);
  await lchown(join(folder.path, 'clone'), 65534, 65534);
  await expectToHave(await findClone(join(folder.path, 'clone')), folder.path, tip);
});
