import { readlinkSync, realpathSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from './context';

/** A folder of our own, 0700, that is gone with all it holds when it is disposed of. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * `ccmirror-<PID namespace>-<PID>-…`: the name tells whose it is from the first moment on. It is short, as the path of
 * ssh's socket in there must be.
 */
const namePattern = /^ccmirror-(\d+)-(\d+)-\w+$/;

/** Opens a folder in TMPDIR, by its real path: git and ssh compare paths as text. */
export async function openTemporaryFolder({ env }: Pick<Context, 'env'>): Promise<TemporaryFolder> {
  const path = await mkdtemp(toPrefix(env));
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

function toPrefix(env: Context['env']): string {
  return join(readRoot(env), `ccmirror-${readNamespace()}-${process.pid}-`);
}

async function removeFolder(path: string): Promise<void> {
  // ssh's master removes its socket while we remove the folder: whoever comes second tries once more.
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Removes the folders, each with a private key, of runs that were killed before they could. Only those whose process
 * is known to be gone: another container's processes can't be seen from here, and its folders are left alone.
 */
export async function removeLeftovers({ env }: Pick<Context, 'env'>): Promise<void> {
  const root = readRoot(env);
  const ours = readNamespace();
  const names = await readdir(root).catch(() => []);
  for (const name of names) {
    const [, namespace, pid] = namePattern.exec(name) ?? [];
    if (namespace !== ours || isAlive(Number(pid)) || !(await isOurs(join(root, name)))) continue;
    await removeFolder(join(root, name)).catch(() => undefined);
  }
}

/** In a folder that everybody may write to, others may use our names: nothing of theirs is even read. */
async function isOurs(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

function readRoot(env: Context['env']): string {
  return realpathSync(env['TMPDIR'] || tmpdir());
}

/** Which processes can be seen from here: Linux tells (`pid:[4026531836]`), elsewhere all are. */
function readNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
