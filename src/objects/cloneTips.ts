import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '../system/regularFile';
import { type Clone, readPackedRefs } from './clone';

/**
 * The object IDs in the ref files of a clone; the objects may not exist. They are read as files, because git is not
 * started in the clone.
 */
export async function readCloneTips(clone: Clone): Promise<ReadonlySet<string>> {
  const tips = new Set<string>();
  const add = (text: string, pattern: RegExp) => {
    for (const [oid] of text.matchAll(pattern)) tips.add(oid);
  };
  const loose = async (file: string) => add((await readRegularFile(file)) ?? '', /^[0-9a-f]{40}(?=\n$)/g);
  await loose(join(clone.gitDirectory, 'HEAD'));
  for await (const file of listFiles(join(clone.commonDirectory, 'refs'))) await loose(file);
  add(await readPackedRefs(clone), /^[0-9a-f]{40}(?= )/gm);
  return tips;
}

async function* listFiles(folder: string): AsyncGenerator<string> {
  try {
    const entries = await opendir(folder, { recursive: true });
    for await (const entry of entries) if (entry.isFile()) yield join(entry.parentPath, entry.name);
  } catch {
    // A folder that can't be listed only costs a larger download.
  }
}
