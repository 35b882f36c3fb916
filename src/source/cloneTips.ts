import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from '../regularFile';
import type { Clone } from './clone';

/**
 * The object IDs that the refs of a clone hold, as its files say: there may be no such objects. git itself would be
 * started in the clone to find them.
 */
export async function readCloneTips({ gitDirectory, commonDirectory }: Clone): Promise<ReadonlySet<string>> {
  const refs = join(commonDirectory, 'refs');
  const names = await readdir(refs, { recursive: true }).catch(() => []);
  const tips = new Set<string>();
  for (const file of [join(gitDirectory, 'HEAD'), ...names.map((name) => join(refs, name))]) {
    const [oid] = /^[0-9a-f]{40}(?=\n$)/.exec((await readRegularFile(file)) ?? '') ?? [];
    if (oid !== undefined) tips.add(oid);
  }
  const packed = (await readRegularFile(join(commonDirectory, 'packed-refs'))) ?? '';
  for (const [oid] of packed.matchAll(/^[0-9a-f]{40}(?= )/gm)) tips.add(oid);
  return tips;
}
