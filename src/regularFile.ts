import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** What a file of somebody else's making may be to be read whole; no file that we look for comes near it. */
const bytesAtMost = 16 * 2 ** 20;

/**
 * Reads a small text file in a folder where others may have put anything. Gives undefined where there is none that can
 * be read, and for what is no file or is no small one: a named pipe would be waited for until somebody writes, a
 * device may never end.
 */
export async function readRegularFile(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, to open a named pipe is to wait for its other end already.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    return found.isFile() && found.size <= bytesAtMost ? await file.readFile('utf8') : undefined;
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}
