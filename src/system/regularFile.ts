import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** The maximum size of an untrusted file; few of the files that we read come near it. */
const usualBytes = 16 * 2 ** 20;

/**
 * Reads a small text file in a folder that is not trusted. Returns undefined if it can't be read, is not a regular
 * file, such as a device, which may be endless, or is too large.
 */
export async function readRegularFile(path: string, bytesAtMost = usualBytes): Promise<string | undefined> {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    return found.isFile() && found.size <= bytesAtMost ? await file.readFile('utf8') : undefined;
  } catch {
    return undefined;
  }
}
