import { hasCode } from '../errors';
import type { RefListing } from '../git/listing';
import type { Clone } from '../objects/clone';
import type { Scratch } from '../objects/scratch';
import { isReplacement, type Look, type Plan, type Policy } from '../plan/plan';
import type { Selection } from '../plan/refs';
import type { Remote } from '../remote/remote';
import { sourceMoved } from '../remote/sourceErrors';
import { allOrNothing } from '../system/allOrNothing';
import type { Context } from '../system/context';
import { readFallback } from './fallback';
import type { Job } from './job';

/** Everything that one attempt of a mirror works with, once all of it is open. */
export interface MirrorParts {
  readonly job: Job;
  readonly context: Context;
  readonly clone: Clone | undefined;
  readonly scratch: Scratch;
  readonly source: Remote;
  readonly destination: Remote;
}

/** The refs of both sides, and the policy for this attempt. */
export interface Listings extends Look {
  readonly sourceHead: string | undefined;
  readonly policy: Policy;
  /** The source could not be reached: `source` holds only the ref of this run. */
  readonly fallback: boolean;
}

/**
 * Lists both sides at the same time. `isLast`: no attempt follows, so an unreachable source is replaced by the
 * fallback.
 */
export async function lookAtBoth(parts: MirrorParts, isLast: boolean): Promise<Listings> {
  // The destination first: to connect to it usually takes longer.
  const [present, wanted] = await allOrNothing([
    (signal) => readPresent(parts, signal),
    (signal) => readWanted(parts, isLast, signal),
  ]);
  const { fallback } = wanted;
  const { policy } = parts.job;
  return {
    source: wanted.refs,
    sourceHead: wanted.head,
    destination: present.refs,
    defaultBranch: present.head,
    policy: fallback ? { ...policy, force: false, prune: false } : policy,
    fallback,
  };
}

/** The ref of this run, if the source does not have it. */
export function findGone(seen: Listings, selection: Selection): string | undefined {
  return selection.refs === 'current' && !seen.source.has(selection.ref) ? selection.ref : undefined;
}

/**
 * If the source changes after we list it, and another run mirrors the change before we list the destination, our
 * listing of the source looks like a rewritten branch. So before a value is replaced, or reported as diverged, the
 * source is listed once more.
 */
export async function requireUnmoved(plan: Plan, source: Remote): Promise<void> {
  const atStake = plan.updates.filter(
    (update) => isReplacement(update) || (update.action === 'keep' && update.because === 'diverged'),
  );
  if (atStake.length === 0) return;
  const now = (await source.refs()).refs;
  const moved = atStake.filter(({ ref, new: wanted }) => now.get(ref) !== wanted).map(({ ref }) => ref);
  if (moved.length > 0) throw sourceMoved(moved);
}

/**
 * The refs of the destination: from the session that the push will use, unless nothing will be pushed. A server tells
 * its default branch only to readers, so the run also lists as one if it may delete branches: the default branch is
 * never deleted. Other runs learn it from the listing after their push.
 */
async function readPresent({ job, destination }: MirrorParts, signal: AbortSignal): Promise<RefListing> {
  const { policy } = job;
  if (policy.dryRun) return await destination.refs(signal);
  const [refs, forReaders] = await allOrNothing([
    (either) => destination.refsToPush(AbortSignal.any([signal, either])),
    async (either) => (policy.prune ? await destination.refs(AbortSignal.any([signal, either])) : undefined),
  ]);
  return { refs, head: forReaders?.head };
}

/** The refs of the source, or the fallback if the source can't be reached. */
async function readWanted(
  parts: MirrorParts,
  isLast: boolean,
  signal: AbortSignal,
): Promise<RefListing & { readonly fallback: boolean }> {
  const { job, context, clone, scratch, source } = parts;
  try {
    return { ...(await source.refs(signal)), fallback: false };
  } catch (error) {
    const commit = job.trigger?.commit;
    if (signal.aborted) throw error;
    if (!hasCode(error, ['source-unreachable', 'timed-out']) || !isLast) throw error;
    if (job.selection.refs === 'all' || commit === undefined || clone === undefined) throw error;
    const fallback = await readFallback({ ref: job.selection.ref, commit }, clone, scratch);
    if (fallback === undefined) throw error;
    context.log.warn(
      `Continuing with this run's own commit ${commit.slice(0, 12)}, fast-forward only: ${error.message}`,
    );
    return { ...fallback, fallback: true };
  }
}
