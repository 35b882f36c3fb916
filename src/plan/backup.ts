import type { Backup, RefNames, Replacement } from './plan';
import { isBranch, type RefMap, toShortName } from './refs';

/** CodeCommit allows branch names of up to 256 characters; for longer ones the object ID is used. */
const nameLength = 256;

/**
 * The name below `mirror-backup/` for the old value of a ref: `<stamp>/heads/main`. A name that exists gets a number.
 * `stamp` is the start of the run in UTC, without characters that git refuses.
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
 * Updates that keep every value that the replacements remove: as a branch at its commit, and for a tag object, which a
 * branch can't hold, also as a tag. `commits` maps replaced refs to the commit of their old value, if there is one.
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
