import { access, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryFolder, removeLeftovers } from '../src/temporaryFolder';
import { run } from './servers/git';

let root: string;
const context = () => ({ env: { TMPDIR: root } });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
});
afterEach(() => rm(root, { recursive: true }));

/** The folder that a process which is gone by now has left. */
async function leave(name: string, owner: (own: string) => string): Promise<string> {
  const path = join(root, name);
  const ended = await run('sh', '/', ['-c', 'echo "$(readlink /proc/self/ns/pid || echo pid) $$"']);
  await mkdir(path);
  await writeFile(join(path, 'id_rsa'), 'secret');
  await writeFile(join(path, 'owner'), owner(ended.stdout.trim()));
  return path;
}

test('a folder is for its owner alone, and gone with all it holds', async () => {
  {
    await using folder = await openTemporaryFolder(context());
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    await writeFile(join(folder.path, 'file'), '');
    await removeLeftovers(context());
    await access(join(folder.path, 'file'));
  }
  expect(await readdir(root)).toEqual([]);
});

test('what a killed run left is removed', async () => {
  await leave('codecommit-mirror-abc', (owner) => owner);
  await removeLeftovers(context());
  expect(await readdir(root)).toEqual([]);
});

test.each([
  ['of a process that lives', (owner: string) => `${owner.split(' ')[0]} ${process.pid}`],
  ['of another container', (owner: string) => `pid:[1] ${owner.split(' ')[1]}`],
  ['of nobody', () => ''],
  ['of nonsense', () => '../../x -1'],
])('a folder %s is left alone', async (_title, owner) => {
  const path = await leave('codecommit-mirror-abc', owner);
  await removeLeftovers(context());
  await access(join(path, 'id_rsa'));
});

test('names of ours that are no folders of ours are left alone, and a named pipe is not waited for', async () => {
  const elsewhere = await leave('elsewhere', (owner) => owner);
  await symlink(elsewhere, join(root, 'codecommit-mirror-link'));
  await writeFile(join(root, 'codecommit-mirror-file'), '');
  await mkdir(join(root, 'codecommit-mirror-pipe'));
  await run('mkfifo', '/', [join(root, 'codecommit-mirror-pipe/owner')]);
  const before = await readdir(root);
  await removeLeftovers(context());
  expect(await readdir(root)).toEqual(before);
  await access(join(elsewhere, 'id_rsa'));
});

test.skipIf(process.getuid?.() !== 0)(
  'what could not be removed whole keeps its owner, and goes the next time',
  async () => {
    const path = await leave('codecommit-mirror-abc', (owner) => owner);
    const busy = join(path, 'busy');
    await mkdir(busy);
    expect((await run('mount', '/', ['-t', 'tmpfs', 'tmpfs', busy])).exitCode).toBe(0);
    await removeLeftovers(context());
    expect(await readdir(path)).toEqual(['busy', 'owner']);
    expect((await run('umount', '/', [busy])).exitCode).toBe(0);
    await removeLeftovers(context());
    expect(await readdir(root)).toEqual([]);
  },
);
