import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from '../../system/errorCode';
import { stateDamaged } from './errors';
import { parseBatch, parseHeader, type StateFormat, toHeader } from './format';
import { parseLine, readCompleteLines, toLine } from './lines';
import type { StateChange } from './store';

/** Changes of one line when the file is written anew. */
const changesALine = 200;

/**
 * Reads the file into `apply`. Gives the length of what is complete, 0 where there is no file: what stands behind it, the
 * last append of a process that was killed, was never told as saved. Throws MirrorError `fleet-state-damaged`.
 */
export async function readJournal(
  file: string,
  format: StateFormat,
  apply: (change: StateChange) => void,
): Promise<{ readonly size: number; readonly isCurrent: boolean }> {
  await using handle = await openIfThere(file);
  if (handle === undefined || (await handle.stat()).size === 0) return { size: 0, isCurrent: true };
  let size = 0;
  let version: number | undefined;
  let number = 0;
  for await (const { text, end } of readCompleteLines(handle.createReadStream({ autoClose: false }))) {
    number++;
    const line = parseLine(text);
    if (line === undefined) throw stateDamaged(file, `line ${number} is not as it was written`);
    if (version === undefined) version = parseHeader(line.value, file, format);
    else applyBatch(line.value, version, { file, format, number, apply });
    size = end;
  }
  if (version === undefined) throw stateDamaged(file, 'its first line is not that of a state file');
  return { size, isCurrent: version === format.version };
}

interface BatchContext {
  readonly file: string;
  readonly format: StateFormat;
  readonly number: number;
  readonly apply: (change: StateChange) => void;
}

function applyBatch(value: unknown, version: number, { file, format, number, apply }: BatchContext): void {
  const batch = parseBatch(value, version, format);
  if (batch === undefined) throw stateDamaged(file, `line ${number} holds what is no state`);
  for (const change of batch) apply(change);
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The file, open to be written on from `size`. */
export interface OpenJournal {
  readonly handle: FileHandle;
  readonly size: number;
}

export interface SnapshotOptions {
  readonly format: StateFormat;
  readonly changes: Iterable<StateChange>;
  /** Whether this process may still replace the file; throws when it may not. */
  readonly check: () => Promise<void>;
}

/**
 * Writes the file anew, with these changes alone: beside it, flushed, and renamed over it, so that at any moment the old
 * one is there or the new one. The handle is that of the new file, or this throws and the old one is still there.
 */
export async function writeSnapshot(
  file: string,
  { format, changes, check }: SnapshotOptions,
): Promise<OpenJournal> {
  const next = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(next, 'wx+', 0o600);
  try {
    let size = 0;
    for (const line of toLines(format, changes)) {
      await handle.writeFile(line);
      size += line.length;
    }
    await handle.sync();
    await check();
    await rename(next, file);
    await syncFolder(dirname(file));
    return { handle, size };
  } catch (error) {
    await handle.close();
    await rm(next, { force: true });
    throw error;
  }
}

function* toLines(format: StateFormat, changes: Iterable<StateChange>): Generator<Buffer> {
  yield Buffer.from(toLine(toHeader(format)));
  let batch: StateChange[] = [];
  for (const change of changes) {
    batch.push(change);
    if (batch.length < changesALine) continue;
    yield Buffer.from(toLine(batch));
    batch = [];
  }
  if (batch.length > 0) yield Buffer.from(toLine(batch));
}

/** A rename is kept by the folder. Some file systems can't flush a folder; they keep it by themselves. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close().catch(() => undefined);
}

/** Opens the file to be written on from its last complete line: what stands behind that goes. */
export async function openJournalFile(file: string, size: number): Promise<OpenJournal> {
  const handle = await open(file, 'r+');
  await handle.truncate(size);
  return { handle, size };
}

/** Removes what a process that was killed while it wrote a snapshot has left. Only the holder of the lock may. */
export async function removeUnfinished(file: string): Promise<void> {
  const prefix = `${basename(file)}.`;
  for (const name of await readdir(dirname(file)))
    if (name.startsWith(prefix) && /^[0-9a-f]{12}$/.test(name.slice(prefix.length)))
      await rm(join(dirname(file), name), { force: true });
}
