import type { FileEntry } from '../plan/limits';

/** The object that a Git LFS pointer refers to. `oid` is the SHA-256 of the file's content, in hexadecimal. */
export interface LfsObject {
  readonly oid: string;
  readonly bytes: number;
}

/**
 * The format of a pointer, including the old version lines that git-lfs still reads:
 * https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
 */
const pointer =
  /^version (?:https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/v1|http:\/\/git-media\.io\/v\/2)\r?\n(?:ext-\d-\S+ sha256:[0-9a-f]{64}\r?\n)*oid sha256:([0-9a-f]{64})\r?\nsize (\d{1,15})\s*$/;

/**
 * In bytes: the shortest pointer; the longest without extensions, which are rare and add at least 78 bytes each; and
 * the longest that the specification allows.
 */
const pointerBytes = { least: 114, plain: 160, most: 1_023 };

/** .gitattributes is written by hand; a larger file is skipped. */
const attributesBytes = 2 ** 16;

/** Whether a file has the size of a pointer. `extended`: pointers with extensions count too. */
export function isPointerSized({ bytes }: FileEntry, extended: boolean): boolean {
  return bytes >= pointerBytes.least && bytes <= (extended ? pointerBytes.most : pointerBytes.plain);
}

/** Whether a file may configure Git LFS for other files. */
export function isAttributes({ bytes, path }: FileEntry): boolean {
  return bytes <= attributesBytes && /(^|\/)\.gitattributes$/.test(path);
}

/** Parses the content of a pointer file. Undefined if it is not one. */
export function parsePointer(content: string): LfsObject | undefined {
  const [, oid, bytes] = pointer.exec(content) ?? [];
  return oid === undefined ? undefined : { oid, bytes: Number(bytes) };
}

/** Whether the content of a .gitattributes file names git-lfs as the filter of a file. */
export function isLfsInUse(attributes: string): boolean {
  return /^[^#\n].*\sfilter=lfs\s*(\s|$)/m.test(attributes);
}
