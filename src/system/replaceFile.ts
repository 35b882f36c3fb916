import { randomBytes } from 'node:crypto';
import { open, rename, rm, writeFile } from 'node:fs/promises';

export interface ReplaceOptions {
  /** Before the umask. */
  readonly mode: number;
  /** Default: this process's own. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Writes a file beside `path` and renames it: whoever reads `path` finds the old text or the new one, never half of
 * one. A symbolic link at `path` is replaced, not followed. Nothing is left beside it when this throws.
 */
export async function replaceFile(
  path: string,
  content: string | Buffer | Iterable<string>,
  { mode, owner }: ReplaceOptions,
): Promise<void> {
  const next = `${path}.${randomBytes(6).toString('hex')}`;
  // `x`: not even a link of that name is followed.
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
