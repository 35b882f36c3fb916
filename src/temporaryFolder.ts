import { lstat, mkdtemp, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from './context';
import { readRegularFile } from './regularFile';

/** A folder of our own, 0700, that is gone with all it holds when it is disposed of. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

const prefix = 'codecommit-mirror-';
/** The file in each folder that says which process it belongs to. */
const ownerFile = 'owner';

/** Opens a folder in TMPDIR, by its real path: git and ssh compare paths as text. */
export async function openTemporaryFolder({ env }: Pick<Context, 'env'>): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(await readRoot(env), prefix));
  await writeFile(join(path, ownerFile), toOwner(await readNamespace(), process.pid));
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

/** The owner's name goes last: what is killed before that leaves a folder that the next run knows what to do with. */
async function removeFolder(path: string): Promise<void> {
  // ssh's master removes its socket while we remove the folder: whoever comes second tries once more.
  const options = { recursive: true, force: true, maxRetries: 3 };
  const names = await readdir(path).catch(() => []);
  const others = names.filter((name) => name !== ownerFile);
  await Promise.all(others.map((name) => rm(join(path, name), options)));
  await rm(path, options);
}

/**
 * Removes the folders, each with a private key, of runs that were killed before they could. Only those whose process
 * is known to be gone: another container's processes can't be seen from here, and its folders are left alone.
 */
export async function removeLeftovers({ env }: Pick<Context, 'env'>): Promise<void> {
  const root = await readRoot(env);
  const namespace = await readNamespace();
  const names = await readdir(root).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(prefix))) {
    const path = join(root, name);
    if (!(await isOurs(path))) continue;
    const owner = (await readRegularFile(join(path, ownerFile))) ?? '';
    const pid = Number(owner.split(' ')[1]);
    if (owner === '' || owner !== toOwner(namespace, pid) || isAlive(pid)) continue;
    await removeFolder(path).catch(() => undefined);
  }
}

/** In a folder that everybody may write to, others may use our names: nothing of theirs is even read. */
async function isOurs(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

async function readRoot(env: Context['env']): Promise<string> {
  return await realpath(env['TMPDIR'] || tmpdir());
}

function toOwner(namespace: string, pid: number): string {
  return `${namespace} ${pid}`;
}

/** Which processes can be seen from here: Linux tells, elsewhere there is one namespace. */
async function readNamespace(): Promise<string> {
  return await readlink('/proc/self/ns/pid').catch(() => 'pid');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
