/**
 * Tags that transfer a history to the destination slice by slice: `<run>/<commit>`. They exist only during the
 * transfer. `<run>` begins with the day (UTC) on which the run began.
 */
const slicePrefix = 'refs/tags/codecommit-mirror-slice/';

/** After so many days no run continues from the slices of another. */
const sliceDays = 7;

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

/** Whether the run of this slice began so long before `run` that nothing continues from it. */
export function isStaleSlice(ref: string, run: string): boolean {
  const began = toDay(ref.slice(slicePrefix.length));
  return isSliceRef(ref) && toDay(run) - began >= sliceDays * 86_400_000;
}

/** The day in the name of a run, in milliseconds since 1970. NaN if it has none: 1.0 named no day. */
function toDay(run: string): number {
  return Date.parse(/^\d{4}-\d\d-\d\d(?=-)/.exec(run)?.[0] ?? '');
}

export function isBackupRef(ref: string): boolean {
  return backupPrefixes.some((prefix) => ref.startsWith(prefix));
}
