import type { RefMap } from '../refTable';
import type { Backup, Replacement } from './plan';
import { isBranch, toShortName } from './refs';

/** CodeCommit takes branch names of at most 256 characters; a longer one is kept under its object ID. */
const nameLength = 256;

/**
 * The name below `mirror-backup/` that keeps a ref's tip: `<stamp>/heads/main`. A name that is taken gets a number.
 * `stamp` is the run's start in UTC, without characters that git refuses.
 */
function toBackupName(ref: string, oid: string, stamp: string, isTaken: (name: string) => boolean): string {
  const kind = isBranch(ref) ? 'heads' : 'tags';
  const full = `mirror-backup/${stamp}/${kind}/${toShortName(ref)}`;
  const name = Buffer.byteLength(full) <= nameLength - 4 ? full : `mirror-backup/${stamp}/${kind}/${oid}`;
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}.${number}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/**
 * Updates that keep every tip which the replacements take away: as a branch at its commit; a tag object, which no
 * branch can hold, as a tag besides. `commits` gives the commit that a tip is or leads to, where there is one.
 */
export function planBackups(
  replacements: readonly Replacement[],
  commits: RefMap,
  present: RefMap,
  stamp: string,
): Backup[] {
  const taken = new Set(present.keys());
  return replacements.flatMap(({ ref: of, old: tip }) => {
    const commit = commits.get(tip);
    const values: (readonly [string, string])[] = [
      ...(commit === undefined ? [] : [['refs/heads/', commit] as const]),
      ...(commit === tip ? [] : [['refs/tags/', tip] as const]),
    ];
    return values.map(([prefix, value]): Backup => {
      const ref = prefix + toBackupName(of, value, stamp, (name) => taken.has(prefix + name));
      taken.add(ref);
      return { action: 'backup', ref, old: undefined, new: value, of };
    });
  });
}
