import { access, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryFolder, removeLeftovers } from '../src/temporaryFolder';
import { readTree } from './e2e/footprint';
import { run } from './servers/git';

let root: string;
const context = () => ({ env: { TMPDIR: root } });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
});
afterEach(() => rm(root, { recursive: true }));

/** The PID namespace that we are in, and a process that has been in it. */
async function readGone(): Promise<{ namespace: string; pid: string }> {
  const { stdout } = await run('sh', '/', ['-c', 'echo "$(readlink /proc/self/ns/pid || echo 0) $$"']);
  const [, namespace = '', pid = ''] = /(\d+)\]? (\d+)/.exec(stdout) ?? [];
  return { namespace, pid };
}

/** A folder with a key, such as a run that was killed leaves. */
async function leave(name: string): Promise<string> {
  const path = join(root, name);
  await mkdir(path);
  await writeFile(join(path, 'id_rsa'), 'secret');
  return path;
}

async function leaveOfGone(): Promise<string> {
  const { namespace, pid } = await readGone();
  return await leave(`ccmirror-${namespace}-${pid}-AbC123`);
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

test('what a killed run left is removed, however little that is', async () => {
  const { namespace, pid } = await readGone();
  await leaveOfGone();
  await mkdir(join(root, `ccmirror-${namespace}-${pid}-empty1`));
  await removeLeftovers(context());
  expect(await readdir(root)).toEqual([]);
});

test('folders that are no leftovers of ours are left alone', async () => {
  const { namespace, pid } = await readGone();
  const elsewhere = await leave('elsewhere');
  await leave(`ccmirror-${namespace}-${process.pid}-lives1`);
  await leave(`ccmirror-1-${pid}-remote`);
  await leave(`ccmirror-${namespace}--1-AbC123`);
  await leave('ccmirror-AbC123');
  await symlink(elsewhere, join(root, `ccmirror-${namespace}-${pid}-link12`));
  await writeFile(join(root, `ccmirror-${namespace}-${pid}-file12`), '');
  const before = await readTree(root);
  await removeLeftovers(context());
  expect(await readTree(root)).toEqual(before);
});

test.skipIf(process.getuid?.() !== 0)('what could not be removed whole goes the next time', async () => {
  const path = await leaveOfGone();
  const busy = join(path, 'busy');
  await mkdir(busy);
  expect((await run('mount', '/', ['-t', 'tmpfs', 'tmpfs', busy])).exitCode).toBe(0);
  await removeLeftovers(context());
  expect(await readdir(path)).toEqual(['busy']);
  expect((await run('umount', '/', [busy])).exitCode).toBe(0);
  await removeLeftovers(context());
  expect(await readdir(root)).toEqual([]);
});
