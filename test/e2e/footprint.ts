import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { run } from '../servers/git';
import type { World } from './world';

/** Every file and folder below a folder: path → mode, time of change, size and content. */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const found = await lstat(join(folder, path));
    const content = found.isFile() ? await readFile(join(folder, path)) : '';
    const digest = createHash('sha256').update(content).digest('hex');
    tree[path] = `${found.mode.toString(8)} ${found.mtimeMs} ${found.size} ${digest}`;
  }
  return tree;
}

/** Asserts that a run that has ended left nothing: no temporary file, no private key, no process. */
export async function expectNothingLeft(world: World): Promise<void> {
  expect(await readdir(world.temporary)).toEqual([]);
  expect(await findPrivateKeys(world)).toEqual([]);
  // ssh's master says that it ends a moment before it does.
  const gone = async () => expect(await readProcesses(world)).toEqual([]);
  await vi.waitFor(gone, { timeout: 10_000, interval: 20 });
}

/** Files with a private key, but for the one that Pipelines put into its SSH folder. */
async function findPrivateKeys(world: World): Promise<string[]> {
  const ended = await run('grep', world.root, [
    '--recursive',
    '--files-with-matches',
    '--exclude-dir=ssh',
    'PRIVATE KEY',
    '.',
  ]);
  return ended.stdout.split('\n').filter((line) => line !== '');
}

/** Processes with this world's TMPDIR in their environment or arguments: what the program has started, and itself. */
async function readProcesses({ temporary }: World): Promise<string[]> {
  const { stdout } = await run('ps', '/', ['axeww', '-o', 'args=']);
  return stdout.split('\n').filter((line) => line.includes(temporary));
}
