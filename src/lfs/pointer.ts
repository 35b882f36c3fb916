import type { FileEntry } from '../plan/limits';

/** What a pointer of Git LFS stands for. `oid` is the SHA-256 of the file's content, in hexadecimal. */
export interface LfsObject {
  readonly oid: string;
  readonly bytes: number;
}

/**
 * The form of a pointer, with the version lines that git-lfs still reads:
 * https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
 */
const pointer =
  /^version (?:https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v1|http:\/\/git-media\.io\/v\/2)\r?\n(?:ext-\d-\S+ sha256:[0-9a-f]{64}\r?\n)*oid sha256:([0-9a-f]{64})\r?\nsize (\d{1,15})\s*$/;

/**
 * The shortest text that the form allows; the longest without extensions, which hardly anybody uses and each of which
 * adds 78 bytes or more; and the longest that the specification allows.
 */
const pointerBytes = { least: 114, plain: 160, most: 1_023 };

/** Attributes are written by hand; a longer file of them is not looked into. */
const attributesBytes = 2 ** 16;

/** Whether a file may be a pointer, as far as its size tells; with extensions or without. */
export function isPointerSized({ bytes }: FileEntry, extended: boolean): boolean {
  return bytes >= pointerBytes.least && bytes <= (extended ? pointerBytes.most : pointerBytes.plain);
}

/** Whether a file may say that other files are kept in Git LFS. */
export function isAttributes({ bytes, path }: FileEntry): boolean {
  return bytes <= attributesBytes && /(^|\/)\.gitattributes$/.test(path);
}

/** Reads the content of a pointer file; undefined where it is none. */
export function parsePointer(content: string): LfsObject | undefined {
  const [, oid, bytes] = pointer.exec(content) ?? [];
  return oid === undefined ? undefined : { oid, bytes: Number(bytes) };
}

/** Whether the content of a .gitattributes file names git-lfs as the filter of a file. */
export function isLfsInUse(attributes: string): boolean {
  return /^[^#\n].*\sfilter=lfs\s*(\s|$)/m.test(attributes);
}
