/** The history that a push must send: all that `tips` reach and `known` don't. Object IDs of any kind of object. */
export interface Range {
  readonly tips: readonly string[];
  /** These may be missing here: those are passed over. */
  readonly known: readonly string[];
}

/**
 * Options of `git rev-list` for a range that it reads from its input. What of `known` is not here tells nothing of the
 * history that is; a tip that is not here makes the push itself fail.
 */
export const rangeOptions = ['--ignore-missing', '--stdin'] as const;

/** The range as `git rev-list --stdin` reads it (git before 2.42 takes no `--not` there). */
export function toRangeInput({ tips, known }: Range): string {
  return toLines('', tips) + toLines('^', known);
}

/** Many refs share a commit; git looks up a missing one each time that it is named. */
function toLines(prefix: '' | '^', oids: Iterable<string>): string {
  return Array.from(new Set(oids), (oid) => `${prefix}${oid}\n`).join('');
}
