import type { Git } from '../git/git';
import type { FileEntry } from '../plan/limits';
import { isAttributes, isLfsInUse, isPointerSized, type LfsObject, parsePointer } from './pointer';

/** A pointer of the history: the object that it stands for, and the file (git's blob) that it is. */
export interface Pointer extends LfsObject {
  readonly blob: string;
}

/** What a history has of Git LFS; attributes alone may name no object. */
export interface LfsUse {
  /** One for each object. */
  readonly pointers: readonly Pointer[];
  /** The first files that stand for them, at most five. */
  readonly paths: readonly string[];
}

/** So many paths stand in log and report. */
const pathsAtMost = 5;

/** Is shown the files of a history one by one, and finds pointers among them. */
export interface PointerSearch {
  /** Whether it wants to see this file. Most it need not: few have the size of a pointer, and to read them costs. */
  wants(file: FileEntry): boolean;
  see(file: FileEntry): Promise<void>;
  /** What was found when all files were seen; undefined when nothing tells of Git LFS. */
  end(): Promise<LfsUse | undefined>;
}

/** So many files, or bytes of them, are read at once by one git: a start of git costs milliseconds. */
const most = { files: 8_192, bytes: 4 * 2 ** 20 };

/**
 * Begins a search. Only files whose size or name allows it are looked into, a few megabytes at a time; those that
 * would be pointers with extensions, of any size up to 1 KB as so many files are, only once Git LFS was seen.
 */
export function createPointerSearch(git: Git): PointerSearch {
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
    wants: (file) => isPointerSized(file, isInUse) || (!isInUse && isAttributes(file)),
    async see(file) {
      waiting.push(file);
      bytes += file.bytes;
      const isFull = waiting.length === most.files || bytes >= most.bytes;
      // What attributes say decides which files are wanted next.
      if (isFull || isAttributes(file)) await readWaiting();
    },
    async end() {
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
