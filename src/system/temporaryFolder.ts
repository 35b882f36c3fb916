import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Context } from './context';
import { temporaryFolderRefused } from './errors';
import { findProcess, type ProcessIdentity, readOwnIdentity } from './processIdentity';

/** A folder of our own, 0700, that is gone with all it holds when it is disposed of. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * `ccmirror-<PID namespace>-<PID>-<start time>-…`: the name says whose folder it is from the first moment on. A PID
 * alone would not: PIDs are reused, and in a container the first process is always 1. Version 1.0 left out the time.
 */
const namePattern = /^ccmirror-(\d+)-(\d+)-(?:(\d+)-)?\w+$/;

/** The folders of this process that are still there. */
const ours = new Set<string>();

/**
 * Opens a folder in TMPDIR, or in `root`, by its real path: git and ssh compare paths as text.
 * Throws MirrorError `temporary-folder-refused`.
 */
export async function openTemporaryFolder(
  { env }: Pick<Context, 'env'>,
  root?: string,
): Promise<TemporaryFolder> {
  const folder = resolveRoot(root ?? readRoot(env));
  const path = makeFolder(folder);
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

/** At once, as another run of this process may look for leftovers: it must not see a folder that is not known as ours. */
function makeFolder(root: string): string {
  try {
    const path = mkdtempSync(toPrefix(root));
    ours.add(path);
    return path;
  } catch (error) {
    throw toRefusal(root, error);
  }
}

function toPrefix(root: string): string {
  const { namespace, pid, startTime } = readOwnIdentity();
  return join(root, `ccmirror-${namespace}-${pid}-${startTime ?? 0}-`);
}

/** A disk that is full has an error of its own. */
function toRefusal(folder: string, error: unknown): unknown {
  const isFull = error instanceof Error && /ENOSPC|EDQUOT/.test(error.message);
  return isFull ? error : temporaryFolderRefused(folder, error);
}

async function removeFolder(path: string): Promise<void> {
  // ssh's master removes its socket while we remove the folder: whoever comes second tries once more.
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  ours.delete(path);
}

/** Removes every folder of this process at once: for a program that is about to end without cleaning up in order. */
export function removeFoldersNow(): void {
  for (const path of ours) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // The others go all the same; the next run removes what is left.
    }
  }
}

/** Where a folder is opened when paths in TMPDIR are too long for a socket. */
export const shortRoot = '/tmp';

/**
 * Removes the folders, each with a private key, of runs that were killed before they could. Only those whose process
 * is known to be gone: another container's processes can't be seen from here, and its folders are left alone.
 */
export async function removeLeftovers({ env }: Pick<Context, 'env'>): Promise<void> {
  for (const path of await listFolders([readRoot(env), shortRoot])) {
    const [, namespace, pid, startTime] = namePattern.exec(basename(path)) ?? [];
    if (namespace === undefined || isAlive({ namespace, pid: Number(pid), startTime }, path)) continue;
    if (!(await isOwn(path))) continue;
    await removeFolder(path).catch(() => undefined);
  }
}

/** In a folder that everybody may write to, others may use our names: nothing of theirs is even read. */
async function isOwn(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** What is in these folders, by real paths; nothing where one can't be read. */
async function listFolders(roots: readonly string[]): Promise<readonly string[]> {
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  const lists = [...new Set(real)].map(async (root) =>
    (await readdir(root).catch(() => [])).map((name) => join(root, name)),
  );
  return (await Promise.all(lists)).flat();
}

function readRoot(env: Context['env']): string {
  return env['TMPDIR'] || tmpdir();
}

/** git's and ssh's configuration name files below it, one a line. */
function resolveRoot(root: string): string {
  try {
    const path = realpathSync(root);
    if (/\p{Cc}/u.test(path)) throw new Error('its name holds a control character');
    return path;
  } catch (error) {
    throw temporaryFolderRefused(root, error);
  }
}

/** Whether the process that made a folder may still run; of a folder with our own PID we know whether we made it. */
function isAlive(maker: ProcessIdentity, path: string): boolean {
  const state = findProcess(maker);
  if (state !== 'unseen' && maker.pid === process.pid) return ours.has(path);
  return state !== 'ended';
}
