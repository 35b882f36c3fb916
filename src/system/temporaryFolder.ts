import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { lstat, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { toErrorText } from '../errors';
import type { Context } from './context';
import { temporaryFolderRefused } from './errors';
import { findProcess, type ProcessIdentity, parseOwner, toOwnPrefix } from './processIdentity';

/** A temporary folder with mode 0700, which is removed with its content when it is disposed of. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** The open folders of this process. */
const ours = new Set<string>();

/**
 * Opens a folder in TMPDIR, or in `root`, by its real path, because git and ssh compare paths as text. Throws
 * MirrorError `temporary-folder-refused`; a full disk has its own error.
 */
export async function openTemporaryFolder(
  { env }: Pick<Context, 'env'>,
  root = readRoot(env),
): Promise<TemporaryFolder> {
  try {
    const real = realpathSync(root);
    // The configuration files of git and ssh contain paths below it, one per line.
    if (/\p{Cc}/u.test(real)) throw new Error('its name holds a control character');
    // Synchronously: another run of this process may look for leftovers, and must know that the folder is ours.
    const path = mkdtempSync(join(real, toOwnPrefix()));
    ours.add(path);
    return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
  } catch (error) {
    if (/ENOSPC|EDQUOT/.test(toErrorText(error))) throw error;
    throw temporaryFolderRefused(root, error);
  }
}

async function removeFolder(path: string): Promise<void> {
  // ssh's master may remove its socket at the same time, so the removal is retried.
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
  ours.delete(path);
}

/** Removes every folder of this process immediately, for a program that exits without cleaning up. */
export function removeFoldersNow(): void {
  for (const path of ours) {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // Continue with the others; the next run removes the rest.
    }
  }
}

/** The folder to use if paths in TMPDIR are too long for a socket. */
export const shortRoot = '/tmp';

/**
 * Removes the folders, which may contain private keys, of killed runs. Only those whose process is known to be dead:
 * processes of other containers can't be seen, so their folders are kept.
 */
export async function removeLeftovers({ env }: Pick<Context, 'env'>): Promise<void> {
  for (const path of await listFolders([readRoot(env), shortRoot])) {
    const owner = parseOwner(basename(path));
    if (owner === undefined || isAlive(owner, path)) continue;
    if (!(await isOwn(path))) continue;
    await removeFolder(path).catch(() => undefined);
  }
}

/** In a shared folder, others may use our names: their files are not even read. */
async function isOwn(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** The entries of these folders, by real paths. Empty for a folder that can't be listed. */
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

/** Whether the process that created a folder may still run. For our own PID, we know whether we created it. */
function isAlive(maker: ProcessIdentity, path: string): boolean {
  const state = findProcess(maker);
  if (state !== 'unseen' && maker.pid === process.pid) return ours.has(path);
  return state !== 'ended';
}
