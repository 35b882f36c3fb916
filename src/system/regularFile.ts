import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** The maximum size of an untrusted file; few of the files that we read come near it. */
const usualBytes = 16 * 2 ** 20;

/**
 * Reads a small text file in a folder that is not trusted. Returns undefined if it can't be read, is not a regular
 * file, or is too large.
 */
export async function readRegularFile(path: string, bytesAtMost = usualBytes): Promise<string | undefined> {
  await using file = await openRegularFile(path);
  try {
    return file && (await file.stat()).size <= bytesAtMost ? await file.readFile('utf8') : undefined;
  } catch {
    return undefined;
  }
}

/** Opening a named pipe would wait for a writer, and a device may be endless. */
async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would block.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
  } catch {
    // It can't be read.
  }
  await file?.close();
  return undefined;
}
