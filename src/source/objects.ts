import type { Context } from '../context';
import { isAncestor } from '../git/ancestry';
import { toRangeInput } from '../git/range';
import type { Difference } from '../plan/plan';
import { isBranch } from '../plan/refs';
import type { RefMap } from '../refTable';
import { sourceMoved } from './errors';
import { readFastForwards } from './fastForwards';
import type { Scratch } from './scratch';
import type { Source } from './source';

/**
 * Sees to it that the scratch repository holds what the differences need, and fetches only what is missing: the
 * new tips; and the history below a shallow clone, when the destination does not have it or when nothing less
 * tells whether a branch was rewritten. Gives the branches whose new tip has the old one among its ancestors.
 * Throws MirrorError `source-moved` when a wanted tip is no longer at the source.
 */
export async function obtainObjects(
  differences: readonly Difference[],
  present: RefMap,
  { source, scratch, log }: { source: Source; scratch: Scratch; log: Context['log'] },
): Promise<ReadonlySet<string>> {
  const wanted = differences.filter((difference) => difference.new !== undefined);
  if (wanted.length === 0) return new Set();
  const known = await scratch.readObjects([...toTips(wanted), ...present.values()]);
  const missing = wanted.filter(({ new: tip }) => tip !== undefined && !known.has(tip));
  if (missing.length > 0) {
    log.debug(`Fetching ${missing.length} refs that the clone does not have.`);
    await source.fetch(toNames(missing), false);
    await requireObjects(missing, scratch);
  }
  const fastForwards = await readFastForwards(wanted, scratch);
  if (scratch.shallow.size === 0) return fastForwards;
  const undecided = wanted.filter(({ ref }) => isBranch(ref) && !fastForwards.has(ref));
  const isWhole =
    (await haveGoneBack(undecided, scratch)) && !(await crossesBoundary(wanted, present, scratch));
  if (isWhole) return fastForwards;
  log.debug('The clone is shallow and the destination needs more: fetching the whole history.');
  await source.fetch(toNames(wanted), true);
  await requireObjects(wanted, scratch);
  return await readFastForwards(wanted, scratch);
}

async function requireObjects(wanted: readonly Difference[], scratch: Scratch): Promise<void> {
  const known = await scratch.readObjects(toTips(wanted));
  const gone = wanted.filter(({ new: tip }) => tip !== undefined && !known.has(tip));
  if (gone.length > 0) throw sourceMoved(gone.map(({ ref }) => ref));
}

function toTips(differences: readonly Difference[]): string[] {
  return differences.flatMap(({ new: tip }) => (tip === undefined ? [] : [tip]));
}

/** One ref for each tip: tags and branches at one commit need it once. */
function toNames(differences: readonly Difference[]): string[] {
  return [...new Map(differences.map(({ ref, new: tip }) => [tip, ref])).values()];
}

/** Whether each of these was set back to an earlier commit: then no history below the clone can tell otherwise. */
async function haveGoneBack(differences: readonly Difference[], scratch: Scratch): Promise<boolean> {
  const known = await scratch.readObjects(differences.flatMap(({ old }) => old ?? []));
  for (const { old, new: tip } of differences) {
    if (old === undefined || tip === undefined) continue;
    if (!known.has(old) || !(await isAncestor(scratch.git, tip, old))) return false;
  }
  return true;
}

/** Whether what would be sent reaches down to where the clone's history was cut off: a server declines that. */
async function crossesBoundary(
  wanted: readonly Difference[],
  present: RefMap,
  scratch: Scratch,
): Promise<boolean> {
  const known = await scratch.readObjects(present.values());
  const input = toRangeInput({ tips: toTips(wanted), known });
  // Where history is cut off, a commit looks like one without parents.
  const roots = await scratch.git.read(['rev-list', '--max-parents=0', '--stdin'], { input });
  return roots.split('\n').some((root) => scratch.shallow.has(root));
}
