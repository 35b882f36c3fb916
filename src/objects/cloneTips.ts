import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile, readRegularLines } from '../system/regularFile';
import type { Clone } from './clone';

/**
 * The object IDs that the refs of a clone hold, as its files say, some at a time: there may be no such objects. git
 * itself would be started in the clone to find them.
 */
export async function* readCloneTips({
  gitDirectory,
  commonDirectory,
}: Clone): AsyncGenerator<readonly string[]> {
  yield await readTip(join(gitDirectory, 'HEAD'));
  for await (const file of listFiles(join(commonDirectory, 'refs'))) yield await readTip(file);
  for await (const lines of readRegularLines(join(commonDirectory, 'packed-refs')))
    yield lines.flatMap((line) => /^[0-9a-f]{40}(?= )/.exec(line)?.[0] ?? []);
}

async function readTip(file: string): Promise<readonly string[]> {
  return /^[0-9a-f]{40}(?=\n$)/.exec((await readRegularFile(file)) ?? '') ?? [];
}

async function* listFiles(folder: string): AsyncGenerator<string> {
  try {
    const entries = await opendir(folder, { recursive: true });
    for await (const entry of entries) if (entry.isFile()) yield join(entry.parentPath, entry.name);
  } catch {
    // What can't be listed spares no download.
  }
}
