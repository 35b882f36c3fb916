import { type FileHandle, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MirrorError } from '../../errors';
import { stateUnwritable } from './errors';
import { currentFormat, type StateFormat } from './format';
import { openJournalFile, readJournal, removeUnfinished, writeSnapshot } from './journalFile';
import { toLine } from './lines';
import { type Lock, type LockOptions, openLock, usualLock } from './lock';
import { createMemory, type StateMemory } from './memory';
import type { FleetStore, StateChange } from './store';

export interface JournalOptions {
  readonly lock?: LockOptions;
  readonly format?: StateFormat;
  /** The file is written anew when it has grown by more bytes than it had, and by more than these. */
  readonly slack?: number;
}

/** A short file is not worth writing anew. */
const usualSlack = 4 * 2 ** 20;

/**
 * Opens the state in this folder, which is made where it is missing: `state.jsonl`, a snapshot that grows by what changes
 * (JSON, one line for each write, each with a checksum) and is written anew now and then; and `state.lock`.
 * Throws MirrorError `fleet-state-locked`, `fleet-state-damaged` or `fleet-state-unwritable`.
 */
export async function openJournalStore(folder: string, options: JournalOptions = {}): Promise<FleetStore> {
  const file = join(folder, 'state.jsonl');
  const lock = await guard(file, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await openLock(join(folder, 'state.lock'), options.lock ?? usualLock);
  });
  try {
    const memory = createMemory();
    const journal = await guard(file, () => openJournal(file, memory, lock, options));
    return toStore(memory, journal);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whatever the file system says is told with the name of the file; our own errors are as they are. */
async function guard<T>(file: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    throw error instanceof MirrorError ? error : stateUnwritable(file, error);
  }
}

interface Journal extends AsyncDisposable {
  append(changes: readonly StateChange[]): Promise<void>;
}

function toStore(memory: StateMemory, journal: Journal): FleetStore {
  return {
    readRepositories: async (mirror) => memory.repositories(mirror),
    readRepository: async (mirror, identity) => memory.repository(mirror, identity),
    readRuns: async (mirror, identity) => memory.runs(mirror, identity),
    readMirror: async (mirror) => memory.mirror(mirror),
    write: (changes) => journal.append(changes),
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  };
}

async function openJournal(
  file: string,
  memory: StateMemory,
  lock: Lock,
  { format = currentFormat, slack = usualSlack }: JournalOptions,
): Promise<Journal> {
  await removeUnfinished(file);
  const { size, isCurrent } = await readJournal(file, format, memory.apply);
  const snapshot = () => writeSnapshot(file, { format, changes: memory.changes(), check: lock.check });
  let open = size > 0 && isCurrent ? await openJournalFile(file, size) : await snapshot();
  let snapshotSize = open.size;

  /** The file grows by one line, which is on the disk when this is resolved; or it is as it was. */
  async function appendLine(changes: readonly StateChange[]): Promise<void> {
    await lock.check();
    const { handle, size } = open;
    const line = Buffer.from(toLine(changes));
    try {
      await writeAt(handle, line, size);
      await handle.datasync();
    } catch (error) {
      // Half a line must not be followed by another one.
      await handle.truncate(size);
      throw error;
    }
    open = { handle, size: size + line.length };
    for (const change of changes) memory.apply(change);
  }

  async function compact(): Promise<void> {
    if (open.size - snapshotSize < Math.max(slack, snapshotSize)) return;
    const before = open.handle;
    open = await snapshot();
    snapshotSize = open.size;
    await before.close();
  }

  const queue = createWriteQueue(async (changes) => {
    await guard(file, () => appendLine(changes));
    // What was asked for is saved: a disk without room for a second file is met again by the next append.
    await compact().catch(() => undefined);
  });
  return {
    append: queue.add,
    [Symbol.asyncDispose]: async () => {
      await queue.close();
      await open.handle.close();
      await lock[Symbol.asyncDispose]();
    },
  };
}

/** A write may take less than it was given. */
async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

interface WriteQueue {
  add(changes: readonly StateChange[]): Promise<void>;
  /** Waits for what was added before. */
  close(): Promise<void>;
}

/**
 * Writes one after the other. What comes during a write goes out together in the next one: many that finish at the same
 * time cost one flush.
 */
function createWriteQueue(write: (changes: readonly StateChange[]) => Promise<void>): WriteQueue {
  let waiting: StateChange[] = [];
  let next: Promise<void> | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  function add(changes: readonly StateChange[]): Promise<void> {
    if (isClosed) return Promise.reject(new Error('the store is closed'));
    if (changes.length === 0) return Promise.resolve();
    waiting.push(...changes);
    next ??= running.then(() => {
      const batch = waiting;
      waiting = [];
      next = undefined;
      const written = write(batch);
      running = written.catch(() => undefined);
      return written;
    });
    return next;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await next?.catch(() => undefined);
    await running;
  }

  return { add, close };
}
