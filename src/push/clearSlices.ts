import type { MirrorError } from '../errors';
import { rangeOptions, toRangeInput } from '../git/commitRange';
import type { Scratch } from '../objects/scratch';
import { isSliceRef, isSliceRefOf, isStaleSlice } from '../plan/ownRefs';
import { type Plan, toPushes } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import { staleReason } from '../remote/pushing/pushSession';
import { type PushNeeds, pushUpdates } from './push';

/**
 * Deletes slice tags that are no longer needed: those of this run, those of other runs whose commit a branch or tag of
 * the destination now reaches, and old ones. The others are the progress of an unfinished mirror. `present` are the refs of the
 * destination, including the tags of this run. Returns the error if the push failed as a whole.
 */
export async function clearSlices(
  plan: Plan,
  present: RefMap,
  needs: PushNeeds & { readonly scratch: Scratch },
): Promise<MirrorError | undefined> {
  const { journal, log } = needs;
  const slices = [...present].filter(([ref]) => isSliceRef(ref));
  if (slices.length === 0) return undefined;
  const isDone = (ref: string) => isSliceRefOf(ref, journal.run) || isStaleSlice(ref, journal.run);
  const foreign = new Map(slices.filter(([ref]) => !isDone(ref)));
  const needed =
    foreign.size === 0 ? new Set() : await selectNeeded(foreign, toTips(plan, present, needs), needs.scratch);
  const deletions = slices
    .filter(([ref]) => !needed.has(ref))
    .map(([ref, old]) => ({ action: 'delete', ref, old, new: undefined }) as const);
  const failure = await pushUpdates(deletions, needs);
  const refusals = deletions.flatMap(({ ref }) => {
    const answer = journal.answer(ref);
    // It may have been deleted since.
    return answer?.done === false && answer.reason !== staleReason ? [answer.reason] : [];
  });
  if (refusals.length > 0)
    log.warn(
      `Temporary tags codecommit-mirror-slice/… remain (${refusals.length}): the destination refuses to delete them: ${refusals[0]}`,
    );
  if (needed.size > 0)
    log.info(
      `Temporary tags codecommit-mirror-slice/… of another mirror run remain (${needed.size}): it may not be done. They are deleted after seven days.`,
    );
  return failure;
}

/** The tips of the destination's branches and tags, according to the answers to the pushes. */
function toTips(plan: Plan, present: RefMap, { journal }: PushNeeds): readonly string[] {
  const refs = new Map([...present].filter(([ref]) => !isSliceRef(ref)));
  for (const { ref, new: tip } of toPushes(plan)) {
    if (journal.answer(ref)?.done !== true) continue;
    if (tip === undefined) refs.delete(ref);
    else refs.set(ref, tip);
  }
  return [...refs.values()];
}

/** The slices whose commit is missing here, or is not reached from any of these tips. */
async function selectNeeded(
  slices: RefMap,
  tips: readonly string[],
  { git, selectMissing }: Scratch,
): Promise<Set<string>> {
  const needed = new Set((await selectMissing(slices)).keys());
  const unreached = new Set<string>();
  const wanted = new Set(slices.values());
  const input = toRangeInput({ tips: [...wanted], known: tips });
  for await (const lines of git.lines([['rev-list', ...rangeOptions]], input))
    for (const commit of lines) if (wanted.has(commit)) unreached.add(commit);
  for (const [ref, commit] of slices) if (unreached.has(commit)) needed.add(ref);
  return needed;
}
