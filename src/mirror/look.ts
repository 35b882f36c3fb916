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

/** What one mirror works with, from the moment that everything is open. */
export interface MirrorParts {
  readonly job: Job;
  readonly context: Context;
  readonly clone: Clone | undefined;
  readonly scratch: Scratch;
  readonly source: Remote;
  readonly destination: Remote;
}

/** What both sides had, and how far this run may go. */
export interface Listings extends Look {
  readonly sourceHead: string | undefined;
  readonly policy: Policy;
  /** The source could not be asked: its refs are this run's own. */
  readonly fallback: boolean;
}

/** Asks both sides at once. `isLast`: no other attempt follows, so a source that is away is done without. */
export async function lookAtBoth(parts: MirrorParts, isLast: boolean): Promise<Listings> {
  const [wanted, present] = await allOrNothing([
    (signal) => readWanted(parts, isLast, signal),
    (signal) => parts.destination.refs(signal),
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

/** The ref of this run, where the source does not have it. */
export function findGone(seen: Listings, selection: Selection): string | undefined {
  return selection.refs === 'current' && !seen.source.has(selection.ref) ? selection.ref : undefined;
}

/**
 * A source that moved on while the destination was looked at, and was mirrored by another run meanwhile, would look
 * like one that was rewritten. So before a value is taken away, or held against us, the source is asked once more.
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

/** What the source has; or, where it can't be asked, what this run was started for. */
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
      `Going on with this run's own commit ${commit.slice(0, 12)}, fast-forward only: ${error.message}`,
    );
    return { ...fallback, fallback: true };
  }
}
