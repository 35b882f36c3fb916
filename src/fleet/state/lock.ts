import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import * as z from 'zod';
import { hasCode } from '../../system/errorCode';
import { findProcess, readOwnIdentity } from '../../system/processIdentity';
import { lockLost, stateLocked } from './errors';

/** The right to write, held until it is disposed of or the process ends. */
export interface Lock extends AsyncDisposable {
  /** Throws MirrorError `fleet-state-locked` when another process has taken the lock over. */
  check(): Promise<void>;
}

export interface LockOptions {
  /** Milliseconds between two signs of life. */
  readonly heartbeat: number;
  /** Waits for as long as a holder that can't be seen may be without one. */
  readonly wait: () => Promise<void>;
}

/** A holder that can't be seen from here, in another container, is taken for ended after four missed signs of life. */
export const usualLock: LockOptions = {
  heartbeat: 5_000,
  wait: () => new Promise((resolve) => setTimeout(resolve, 20_000)),
};

const holderSchema = z.object({
  pid: z.int(),
  namespace: z.string(),
  startTime: z.string().optional(),
});

/**
 * Takes the lock file. A leftover of a process that was killed is taken over at once where its end can be seen, otherwise
 * when it shows no sign of life. Throws MirrorError `fleet-state-locked`.
 */
export async function openLock(path: string, options: LockOptions = usualLock): Promise<Lock> {
  // Whoever takes a leftover over may be overtaken by another one that does the same: then it is looked at again.
  for (let attempt = 0; attempt < 5; attempt++) {
    const handle = await create(path);
    if (handle !== undefined) return hold(path, handle, options);
    const judged = await readWritten(path);
    if (judged === undefined) continue;
    await refuseLiving(path, judged, options);
    await removeLeftover(path, judged);
  }
  throw stateLocked(path, 'several processes that have just started');
}

async function create(path: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'wx', 0o600);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return undefined;
    throw error;
  }
  await handle.writeFile(JSON.stringify(readOwnIdentity()));
  return handle;
}

/** The handle stays open, so that the number of the file (its inode) is given to no other one while we hold it. */
async function hold(path: string, handle: FileHandle, { heartbeat }: LockOptions): Promise<Lock> {
  const { ino, dev } = await handle.stat();
  const isOurs = async () => {
    const found = await stat(path).catch(() => undefined);
    return found?.ino === ino && found.dev === dev;
  };
  const timer = setInterval(() => {
    const now = new Date();
    handle.utimes(now, now).catch(() => undefined);
  }, heartbeat);
  timer.unref();
  return {
    check: async () => {
      if (!(await isOurs())) throw lockLost(path);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      if (await isOurs()) await rm(path, { force: true });
      await handle.close();
    },
  };
}

async function refuseLiving(path: string, judged: string, { wait }: LockOptions): Promise<void> {
  const holder = parseHolder(judged);
  const state = holder === undefined ? 'unseen' : findProcess(holder);
  if (state === 'ended') return;
  if (state === 'running') throw stateLocked(path, `the process ${holder?.pid}`);
  const before = await readTime(path);
  await wait();
  if ((await readTime(path)) !== before || (await readText(path)) !== judged)
    throw stateLocked(path, 'a process in another container or on another machine');
}

function parseHolder(text: string) {
  try {
    const { pid, namespace, startTime } = holderSchema.parse(JSON.parse(text));
    return { pid, namespace, startTime };
  } catch {
    // Just created, and not yet written.
    return undefined;
  }
}

/** Renames before it removes: what was renamed can be looked at, and another one's new lock put back. */
async function removeLeftover(path: string, judged: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await readText(aside)) !== judged) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

/** The holder writes its identity in the moment after it has created the file. */
async function readWritten(path: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const text = await readText(path);
    if (text !== '') return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return '';
}

async function readTime(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}
