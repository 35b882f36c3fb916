import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTemporaryFolder, removeLeftovers } from '../../src/system/temporaryFolder';
import { readTree } from '../e2e/footprint';
import { run } from '../servers/git';

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

/** The process that runs the tests of this process, and when it began. */
async function readRunning(): Promise<{ pid: number; start: string }> {
  const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8').catch(() => '');
  return { pid: process.ppid, start: stat.replace(/^.*\) /, '').split(' ')[19] ?? '0' };
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

test.runIf(process.platform === 'linux')(
  'a PID that another process has now, or this one, keeps nothing of a run that is gone',
  async () => {
    const { namespace } = await readGone();
    const { pid, start } = await readRunning();
    await leave(`ccmirror-${namespace}-${pid}-${Number(start) + 1}-AbC123`);
    await leave(`ccmirror-${namespace}-${process.pid}-1-AbC123`);
    await leave(`ccmirror-${namespace}-${process.pid}-AbC123`);
    await removeLeftovers(context());
    expect(await readdir(root)).toEqual([]);
  },
);

test('a TMPDIR that is a link is looked at by its real name', async () => {
  const link = join(root, 'link');
  await mkdir(join(root, 'real'));
  await symlink('real', link);
  const linked = { env: { TMPDIR: link } };
  await using folder = await openTemporaryFolder(linked);
  await removeLeftovers(linked);
  await access(folder.path);
});

test.each(['missing', 'file'])('a TMPDIR that is %s is named', async (name) => {
  await writeFile(join(root, 'file'), '');
  const env = { TMPDIR: join(root, name) };
  await removeLeftovers({ env });
  await expect(openTemporaryFolder({ env })).rejects.toMatchObject({
    code: 'temporary-folder-refused',
    message: expect.stringContaining(join(root, name)),
  });
});

test('folders that are no leftovers of ours are left alone', async () => {
  const { namespace, pid } = await readGone();
  const elsewhere = await leave('elsewhere');
  const { pid: running, start } = await readRunning();
  await leave(`ccmirror-${namespace}-${running}-${start}-lives1`);
  await leave(`ccmirror-${namespace}-${running}-lives2`);
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
