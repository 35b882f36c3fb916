import type { Backup, RefNames, Replacement } from './plan';
import { isBranch, type RefMap, toShortName } from './refs';

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
 * branch can hold, as a tag besides. `commits` gives, by the replaced ref, the commit that its tip is or leads to, where
 * there is one.
 */
export function planBackups(
  replacements: Iterable<Replacement>,
  commits: Pick<RefMap, 'get'>,
  present: RefNames,
  stamp: string,
): readonly Backup[] {
  const backups: Backup[] = [];
  const ours = new Set<string>();
  for (const { ref: of, old: tip } of replacements) {
    const commit = commits.get(of);
    const values: (readonly [string, string])[] = [
      ...(commit === undefined ? [] : [['refs/heads/', commit] as const]),
      ...(commit === tip ? [] : [['refs/tags/', tip] as const]),
    ];
    for (const [prefix, value] of values) {
      const isTaken = (name: string) => present.has(prefix + name) || ours.has(prefix + name);
      const ref = prefix + toBackupName(of, value, stamp, isTaken);
      ours.add(ref);
      backups.push({ action: 'backup', ref, old: undefined, new: value, of });
    }
  }
  return backups;
}
