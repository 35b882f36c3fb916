import type { Git } from '../git/git';
import type { FileEntry } from '../plan/limits';
import { isAttributes, isLfsInUse, isPointerSized, type LfsObject, parsePointer } from './pointer';

/** A pointer in the history: the object that it refers to, and the blob that contains it. */
export interface Pointer extends LfsObject {
  readonly blob: string;
}

/** The use of Git LFS in a history. If only attributes mention it, there are no pointers. */
export interface LfsUse {
  /** One pointer for each object. */
  readonly pointers: readonly Pointer[];
  /** The paths of the first pointers, at most five. */
  readonly paths: readonly string[];
}

/** How many paths the log and the report name. */
const pathsAtMost = 5;

/** How many files, or bytes of them, one git process reads: starting git costs milliseconds. */
const most = { files: 8_192, bytes: 4 * 2 ** 20 };

/**
 * Finds pointers among the files of a history, which it gets one by one. Only files with a suitable size or name are read, a few megabytes at a time. Pointers with
 * extensions can be up to 1 KB, like many other files, so these are read only after Git LFS was found.
 */
export function createPointerSearch(git: Git) {
  const pointers = new Map<string, Pointer>();
  const paths = new Map<string, string>();
  let isInUse = false;
  let waiting: FileEntry[] = [];
  let bytes = 0;

  function note(object: LfsObject, file: FileEntry): void {
    pointers.set(object.oid, { ...object, blob: file.oid });
    if (paths.size < pathsAtMost && !paths.has(object.oid)) paths.set(object.oid, file.path);
  }
  async function readWaiting(): Promise<void> {
    const files = waiting;
    waiting = [];
    bytes = 0;
    if (files.length === 0) return;
    for (const [index, content] of (await readBlobs(git, files)).entries()) {
      const file = files[index];
      const found = parsePointer(content);
      if (file === undefined) continue;
      if (found !== undefined) note(found, file);
      isInUse ||= found !== undefined || (isAttributes(file) && isLfsInUse(content));
    }
  }
  return {
    /** Whether this file may be a pointer. Most files have another size, and are not read. */
    wants: (file: FileEntry) => isPointerSized(file, isInUse) || (!isInUse && isAttributes(file)),
    async see(file: FileEntry): Promise<void> {
      waiting.push(file);
      bytes += file.bytes;
      const isFull = waiting.length === most.files || bytes >= most.bytes;
      // The attributes decide which files to read next.
      if (isFull || isAttributes(file)) await readWaiting();
    },
    /** The result, after the last file. Undefined if nothing mentions Git LFS. */
    async end(): Promise<LfsUse | undefined> {
      await readWaiting();
      if (!isInUse) return undefined;
      return { pointers: [...pointers.values()], paths: [...paths.values()] };
    },
  };
}

/** The contents of files, in their order. `cat-file --batch` prints `<oid> blob <bytes>\n<content>\n` for each. */
async function readBlobs(git: Git, files: readonly FileEntry[]): Promise<string[]> {
  const chunks: Buffer[] = [];
  const input = files.map(({ oid }) => `${oid}\n`).join('');
  for await (const chunk of git.bytes(['cat-file', '--batch', '--buffer'], input)) chunks.push(chunk);
  const output = Buffer.concat(chunks);
  let end = 0;
  return files.map(({ bytes }) => {
    const start = output.indexOf('\n', end) + 1;
    end = start + bytes + 1;
    return output.toString('latin1', start, start + bytes);
  });
}
