import { toPieces } from '../sequence';

/** The history that a push must send: all that `tips` reach and `known` don't. Object IDs of any kind of object. */
export interface Range {
  readonly tips: Iterable<string>;
  /** These may be missing here: those are passed over. */
  readonly known: Iterable<string>;
}

/**
 * Options of `git rev-list` for a range that it reads from its input. What of `known` is not here tells nothing of the
 * history that is; a tip that is not here makes the push itself fail.
 */
export const rangeOptions = ['--ignore-missing', '--stdin'] as const;

/** The range as `git rev-list --stdin` reads it (git before 2.42 takes no `--not` there), in pieces. */
export function* toRangeInput({ tips, known }: Range): Generator<string> {
  for (const lines of toPieces(toLines('', tips), linesInPiece)) yield lines.join('');
  for (const lines of toPieces(toLines('^', known), linesInPiece)) yield lines.join('');
}

const linesInPiece = 1_000;

/** Refs that follow each other are often at one commit; git would look for it anew for each, where it is not here. */
function* toLines(prefix: '' | '^', oids: Iterable<string>): Generator<string> {
  let last = '';
  for (const oid of oids) {
    if (oid !== last) yield `${prefix}${oid}\n`;
    last = oid;
  }
}
