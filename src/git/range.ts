/** The history that a push must send: all that `tips` reach and `known` don't. Object IDs of any kind of object. */
export interface Range {
  readonly tips: readonly string[];
  readonly known: Iterable<string>;
}

/** The range as `git rev-list --stdin` reads it (git before 2.42 takes no `--not` there). */
export function toRangeInput({ tips, known }: Range): string {
  const excluded = [...known].map((oid) => `^${oid}`);
  return [...tips, ...excluded].map((line) => `${line}\n`).join('');
}
