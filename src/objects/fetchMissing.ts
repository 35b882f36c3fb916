import { isAncestor } from '../git/ancestry';
import { rangeOptions, toRangeInput } from '../git/commitRange';
import type { Refs } from '../git/objects';
import type { RefNames, WantedRef } from '../plan/plan';
import { isBranch, type RefMap } from '../plan/refs';
import type { Remote } from '../remote/remote';
import { sourceMoved } from '../remote/sourceErrors';
import { createTransferListener } from '../report/progress';
import type { Context } from '../system/context';
import { readFastForwards } from './fastForwards';
import type { Scratch } from './scratch';

/**
 * Makes sure that the scratch repository holds what the wanted refs need, and fetches only what is missing: new tips;
 * and the history below a shallow clone if the destination lacks it, or if nothing less shows whether a branch was
 * rewritten. Returns the branches that are fast-forwards. Throws MirrorError `source-moved` if a wanted tip is no
 * longer at the source.
 */
export async function fetchMissing(
  wanted: readonly WantedRef[],
  { present, wantsAll }: { present: RefMap; wantsAll: boolean },
  { source, scratch, log }: { source: Remote; scratch: Scratch; log: Context['log'] },
): Promise<RefNames> {
  if (wanted.length === 0) return new Set();
  async function fetch(refs: Refs, how: { readonly deepen: boolean }) {
    await scratch.offerTips();
    const onStderr = createTransferListener('Fetching from the source', log);
    await source.fetch(refs, { ...how, wantsAll, onStderr });
  }
  const missing = await scratch.selectMissing(toTips(wanted));
  if (missing.size > 0) {
    log.debug(`Fetching ${missing.size} refs that the clone does not have.`);
    await fetch(missing, { deepen: false });
    await requireObjects(missing, scratch);
  }
  const fastForwards = await readFastForwards(wanted, scratch);
  const shallow = await scratch.readShallow();
  if (shallow.size === 0) return fastForwards;
  const undecided = wanted.filter(({ ref }) => isBranch(ref) && !fastForwards.has(ref));
  const isWhole =
    (await haveGoneBack(undecided, scratch)) && !(await crossesBoundary(wanted, present, shallow, scratch));
  if (isWhole) return fastForwards;
  log.debug('The clone is shallow and the destination needs more: fetching full history.');
  await fetch(toTips(wanted), { deepen: true });
  await requireObjects(toTips(wanted), scratch);
  return await readFastForwards(wanted, scratch);
}

function toTips(wanted: readonly WantedRef[]): (readonly [string, string])[] {
  return wanted.map(({ ref, new: tip }) => [ref, tip] as const);
}

async function requireObjects(refs: Iterable<readonly [string, string]>, scratch: Scratch): Promise<void> {
  const gone = await scratch.selectMissing(refs);
  if (gone.size > 0) throw sourceMoved([...gone.keys()]);
}

/**
 * Whether each of these branches was reset to an earlier commit: then history below the clone can't change the result.
 */
async function haveGoneBack(wanted: readonly WantedRef[], scratch: Scratch): Promise<boolean> {
  for (const { old, new: tip } of wanted)
    if (old !== undefined && !(await isAncestor(scratch.git, tip, old))) return false;
  return true;
}

/**
 * Whether the history to send reaches the point where the clone's history is cut off: a server declines such a push.
 */
async function crossesBoundary(
  wanted: readonly WantedRef[],
  present: RefMap,
  shallow: ReadonlySet<string>,
  { git }: Scratch,
): Promise<boolean> {
  const input = toRangeInput({ tips: wanted.map(({ new: tip }) => tip), known: [...present.values()] });
  // A commit at the cut looks like one without parents.
  for await (const roots of git.lines([['rev-list', '--max-parents=0', ...rangeOptions]], input))
    if (roots.some((root) => shallow.has(root))) return true;
  return false;
}
