/**
 * Tags that transfer a history to the destination slice by slice: `<run>/<commit>`. They exist only during the
 * transfer.
 */
const slicePrefix = 'refs/tags/codecommit-mirror-slice/';

/** Branches (and, for annotated tags, tags) that keep values replaced by FORCE and PRUNE. They are never pruned. */
const backupPrefixes = ['refs/heads/mirror-backup/', 'refs/tags/mirror-backup/'];

export function toSliceRef(run: string, oid: string): string {
  return `${slicePrefix}${run}/${oid}`;
}

export function isSliceRefOf(ref: string, run: string): boolean {
  return ref.startsWith(`${slicePrefix}${run}/`);
}

export function isSliceRef(ref: string): boolean {
  return ref.startsWith(slicePrefix);
}

export function isBackupRef(ref: string): boolean {
  return backupPrefixes.some((prefix) => ref.startsWith(prefix));
}
