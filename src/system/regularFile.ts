import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** What a file of somebody else's making may be to be read; few files that we look for come near it. */
const usualBytes = 16 * 2 ** 20;

/**
 * Reads a small text file in a folder where others may have put anything. Gives undefined where there is none that can
 * be read, and for what is no file or is no small one.
 */
export async function readRegularFile(path: string, bytesAtMost = usualBytes): Promise<string | undefined> {
  await using file = await openRegularFile(path);
  try {
    return file && (await file.stat()).size <= bytesAtMost ? await file.readFile('utf8') : undefined;
  } catch {
    return undefined;
  }
}

/** A named pipe would be waited for until somebody writes, and a device may never end. */
async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, to open a named pipe is to wait for its other end already.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
  } catch {
    // Then there is none to be read.
  }
  await file?.close();
  return undefined;
}
