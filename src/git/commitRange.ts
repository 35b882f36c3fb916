/**
 * The history that a push must send: everything reachable from `tips` but not from `known`. Object IDs of any type of
 * object.
 */
export interface Range {
  readonly tips: readonly string[];
  /** Objects that are missing here are ignored. */
  readonly known: readonly string[];
}

/**
 * Options of `git rev-list` for a range on standard input. Missing `known` objects do not affect the result; a missing
 * tip makes the push itself fail.
 */
export const rangeOptions = ['--ignore-missing', '--stdin'] as const;

/** The range in the format of `git rev-list --stdin` (`--not` there requires git 2.42). */
export function toRangeInput({ tips, known }: Range): string {
  return toLines('', tips) + toLines('^', known);
}

/** Removes duplicates: git looks up a missing object again each time it is named. */
function toLines(prefix: '' | '^', oids: Iterable<string>): string {
  return Array.from(new Set(oids), (oid) => `${prefix}${oid}\n`).join('');
}
