/**
 * Tags that carry a history to the destination slice by slice, one a tip. They are nobody's tags: a run deletes its
 * own at its end, and those of a run that could not.
 */
const slicePrefix = 'refs/tags/codecommit-mirror-slice/';

/** Branches (and, for annotated tags, tags) that keep what FORCE and PRUNE replaced. They are never pruned. */
const backupPrefixes = ['refs/heads/mirror-backup/', 'refs/tags/mirror-backup/'];

export function toSliceRef(oid: string): string {
  return slicePrefix + oid;
}

export function isSliceRef(ref: string): boolean {
  return ref.startsWith(slicePrefix);
}

export function isBackupRef(ref: string): boolean {
  return backupPrefixes.some((prefix) => ref.startsWith(prefix));
}
