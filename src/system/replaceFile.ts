import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { findProcess, parseOwner, toOwnPrefix } from './processIdentity';

export interface ReplaceOptions {
  /** Before the umask. */
  readonly mode: number;
  /** Default: the user of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Writes a file beside `path` and renames it: a reader of `path` gets the old or the new text, never a part of one. A
 * symbolic link at `path` is replaced, not followed. If this throws, no file is left behind; a file that a killed process
 * left beside `path` is removed.
 */
export async function replaceFile(
  path: string,
  content: string | Buffer | Iterable<string>,
  { mode, owner }: ReplaceOptions,
): Promise<void> {
  await removeUnfinished(path);
  const next = `${path}.${toOwnPrefix()}${randomBytes(6).toString('hex')}`;
  // `x`: a link with that name is not followed.
  const file = await open(next, 'wx', mode);
  try {
    try {
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
      await writeFile(file, content);
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/** Removes what killed processes left beside `path` before they could rename it. */
export async function removeUnfinished(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const owner = name.startsWith(prefix) ? parseOwner(name.slice(prefix.length)) : undefined;
    if (owner !== undefined && findProcess(owner) === 'ended')
      await rm(join(dirname(path), name), { force: true });
  }
}
