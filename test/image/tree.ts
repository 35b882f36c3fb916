import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** All that a folder holds: path → owner, mode, time of the last change and, of a file, its content's SHA-256. */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const name of ['.', ...(await readdir(folder, { recursive: true }))].sort()) {
    const path = join(folder, name);
    const { uid, mode, mtimeMs, isFile } = await readStatus(path);
    const content = isFile
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    tree[name] = `${uid} ${mode.toString(8)} ${mtimeMs} ${content}`;
  }
  return tree;
}

async function readStatus(path: string) {
  const status = await lstat(path);
  return { uid: status.uid, mode: status.mode, mtimeMs: status.mtimeMs, isFile: status.isFile() };
}
