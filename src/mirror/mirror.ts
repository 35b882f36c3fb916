import { hasCode, MirrorError } from '../errors';
import type { RefListing } from '../git/listing';
import { settleLfs } from '../lfs/settle';
import { type Clone, findClone } from '../objects/clone';
import { planRefusal } from '../plan/plan';
import { Journal } from '../push/journal';
import { pushPlan } from '../push/pushPlan';
import { openRemote, type Remote } from '../remote/remote';
import { isChange, type Outcome } from '../report/outcome';
import type { Context } from '../system/context';
import { toFailure } from '../system/errors';
import { removeLeftovers } from '../system/temporaryFolder';
import { followDefaultBranch } from './defaultBranch';
import { openEnds } from './ends';
import { refMissing, toRefusalError } from './errors';
import type { Job } from './job';
import { findGone, type Listings, lookAtBoth, type MirrorParts } from './look';
import { makePlan, type PreparedPush } from './makePlan';
import { openOrigin } from './origin';
import { type Attempt, type AttemptResult, retryTransient } from './retry';

/**
 * Makes the destination equal to the source, as far as selection and policy allow. Returns the outcome however the run
 * ended; throws MirrorError if it ended before there was a plan. `open` is another one where mirrors share a source.
 */
export async function mirror(job: Job, context: Context, open = openOrigin): Promise<Outcome> {
  const journal = new Journal(context);
  const running = findFailure(context, async () => {
    const clone = job.clone === undefined ? undefined : await findClone(job.clone);
    const failed = await mirrorWith(clone, job, context, journal, open);
    if (clone === undefined || !hasCode(failed, ['clone-broken'])) return failed;
    context.log.warn('Objects are missing in the clone: fetching everything from the source instead.');
    return await mirrorWith(undefined, job, context, journal, open);
  });
  const [failure] = await Promise.all([running, removeLeftovers(context)]);
  const outcome = journal.toOutcome(failure);
  if (outcome === undefined) throw failure ?? new Error('a run without a plan and without a failure');
  return outcome;
}

/** The failure of the run, returned or thrown. */
async function findFailure(
  context: Context,
  run: () => Promise<MirrorError | undefined>,
): Promise<MirrorError | undefined> {
  try {
    return await run();
  } catch (error) {
    return toFailure(error, context);
  }
}

async function mirrorWith(
  clone: Clone | undefined,
  job: Job,
  context: Context,
  journal: Journal,
  open: typeof openOrigin,
): Promise<MirrorError | undefined> {
  await using origin = await open(clone, job.source, context);
  const { scratch } = origin;
  const here = { directory: scratch.git.directory, context };
  let opened = false;
  const failure = await retryTransient(job.limits.attempts, context, async (attempt) => {
    await using ends = await openEnds(origin.openSource, () =>
      openRemote(job.destination, 'destination', here),
    );
    const result = await mirrorOnce({ job, context, clone, scratch, ...ends }, attempt, journal);
    opened = result.opened === true;
    return result;
  });
  if (failure !== undefined || !opened) return failure;
  return await mirrorWith(clone, { ...job, setDefaultBranch: undefined }, context, journal, open);
}

/** One attempt: list both sides, plan, push, verify. */
async function mirrorOnce(parts: MirrorParts, attempt: Attempt, journal: Journal): Promise<AttemptResult> {
  const { job, context, source, destination, scratch } = parts;
  const { time } = context.stopwatch;
  const done = { cut: false, advanced: false };
  const seen = await time('look', () => lookAtBoth(parts, attempt.isLast));
  journal.looked(seen.destination);
  const refusal = planRefusal(seen, job.selection, seen.policy);
  if (refusal !== undefined) throw toRefusalError(refusal, source.url, seen.policy.pruneLimit);
  const gone = findGone(seen, job.selection);
  if (gone !== undefined) {
    // Without an event, nothing says that the source ever had it.
    if (job.trigger === undefined) throw refMissing(gone);
    journal.planned({ updates: [], backups: [] }, { kind: 'gone' });
    return done;
  }

  const made = await makePlan(parts, seen, attempt);
  journal.planned(made.plan, { kind: job.policy.dryRun ? 'dry-run' : 'push', fallback: seen.fallback });
  if (made.plan.updates.some(({ action }) => action !== 'none')) await job.confirmSource?.();
  const { lfs } = made;
  if (lfs !== undefined) {
    const needs = { source, destination, store: scratch.store, log: context.log };
    const settled = await time('lfs', () => settleLfs(lfs, job.policy, needs));
    journal.settledLfs(settled.lfs);
    if (settled.failure !== undefined) return { ...done, failure: settled.failure };
  }
  return job.policy.dryRun ? done : await carryOut(parts, seen, made, journal);
}

/** Pushes the plan and lists the destination again: only what this listing shows counts as done. */
async function carryOut(
  parts: MirrorParts,
  seen: Listings,
  { plan, situation }: PreparedPush,
  journal: Journal,
): Promise<AttemptResult> {
  const { job, context, scratch, destination } = parts;
  const { time } = context.stopwatch;
  const needs = { destination, batch: job.limits.profile.batch, scratch, log: context.log, journal };
  const pushed = await time('push', () => pushPlan(plan, situation, needs));
  const present = { refs: seen.destination, head: seen.defaultBranch };
  const after = journal.hasSent() ? await time('verify', () => verify(destination, journal)) : present;
  const failure = pushed.failure ?? ('refs' in after ? undefined : after);
  const refs = journal.attempted(failure);
  const contested = refs.filter((ref) => ref.contested === true).map(({ ref }) => ref);
  const result = { failure, contested, cut: pushed.cut, advanced: pushed.advanced || refs.some(isChange) };
  if (failure !== undefined || contested.length > 0 || !('refs' in after)) return result;
  return { ...result, opened: await followDefaultBranch(parts, seen, plan, after) };
}

/** Lists the destination for the journal after a push. Returns what it has, or the error if it can't be read. */
async function verify(destination: Remote, journal: Journal): Promise<RefListing | MirrorError> {
  try {
    const listing = await destination.refs();
    journal.verified(listing.refs);
    return listing;
  } catch (error) {
    if (error instanceof MirrorError && !hasCode(error, ['stopped', 'time-limit'])) return error;
    throw error;
  }
}
