import { lstat, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readRegularFile } from '../system/regularFile';

/** A clone on this machine: where its objects are, and where its history is cut off. */
export interface Clone {
  readonly gitDirectory: string;
  /** Shared by all work trees of the clone: objects, refs, the `shallow` file. */
  readonly commonDirectory: string;
  readonly objects: string;
  /** The text of the `shallow` file, one commit a line; empty for a full clone. */
  readonly shallow: string;
}

/**
 * Finds the clone that contains a folder by reading files only. git is not started in the clone, because it may belong
 * to another user and its configuration is not trusted. Returns undefined if there is no clone, if it is a partial
 * clone (git would fetch its missing objects), or if a file in it is not as git writes it. The source has everything
 * that such a clone could provide.
 */
export async function findClone(folder: string): Promise<Clone | undefined> {
  const gitDirectory = await findGitDirectory(folder);
  if (gitDirectory === undefined) return undefined;
  const common = await readRegularFile(join(gitDirectory, 'commondir'));
  const commonDirectory = common === undefined ? gitDirectory : resolve(gitDirectory, common.trim());
  const objects = join(commonDirectory, 'objects');
  const shallow = await readShallow(join(commonDirectory, 'shallow'));
  if (shallow === undefined || !(await isUsable(objects))) return undefined;
  return { gitDirectory, commonDirectory, objects, shallow };
}

/** Enough for half a million refs. */
const packedRefsBytes = 64 * 2 ** 20;

/** The text of the `packed-refs` file of a clone; empty where it can't be read. */
export async function readPackedRefs({ commonDirectory }: Clone): Promise<string> {
  return (await readRegularFile(join(commonDirectory, 'packed-refs'), packedRefsBytes)) ?? '';
}

/** The text of the `shallow` file, empty if there is none. Undefined if its content is invalid. */
async function readShallow(path: string): Promise<string | undefined> {
  if (!(await isThere(path))) return '';
  const text = await readRegularFile(path);
  return text !== undefined && /^([0-9a-f]{40}\n)*$/.test(text) ? text : undefined;
}

/** git would hang on a named pipe in place of a pack or of the alternates file. */
async function isUsable(objects: string): Promise<boolean> {
  if (!(await isFolder(objects))) return false;
  for (const folder of [join(objects, 'info'), join(objects, 'pack')]) {
    for (const name of await readdir(folder).catch(() => [])) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (name.endsWith('.promisor') || !(found?.isFile() || found?.isDirectory())) return false;
    }
  }
  return true;
}

async function findGitDirectory(folder: string): Promise<string | undefined> {
  const parent = dirname(folder);
  return (await readGitDirectory(folder)) ?? (parent === folder ? undefined : findGitDirectory(parent));
}

/** `.git` as a folder; as a file that names one (work trees, submodules); or the folder itself, bare. */
async function readGitDirectory(folder: string): Promise<string | undefined> {
  const dotGit = join(folder, '.git');
  if (await isFolder(dotGit)) return dotGit;
  const pointer = /^gitdir: (.+)/.exec((await readRegularFile(dotGit)) ?? '');
  if (pointer?.[1] !== undefined) return resolve(folder, pointer[1].trim());
  const isBare =
    (await isFolder(join(folder, 'objects'))) && (await readRegularFile(join(folder, 'HEAD'))) !== undefined;
  return isBare ? folder : undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
