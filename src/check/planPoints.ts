import type { LfsUse } from '../lfs/search';
import { settleLfs } from '../lfs/settle';
import { refMissing, toRefusalError } from '../mirror/errors';
import type { Job } from '../mirror/job';
import { findGone, type Listings, type MirrorParts } from '../mirror/look';
import { makePlan } from '../mirror/makePlan';
import { planRefusal } from '../plan/plan';
import { toPlannedOutcomes } from '../push/verify';
import { toLfsText } from '../report/lfs';
import { type Counts, countRefs, type RefOutcome } from '../report/outcome';
import { attempt, type Point, toFailed, toOk, toUnreached, toUnseen } from './point';

export interface PlanPoints {
  readonly points: readonly Point[];
  /** The result of a run for each ref. */
  readonly outcomes: readonly RefOutcome[];
}

/** Makes the plan of a run without carrying it out. */
export async function checkPlan(parts: MirrorParts, seen: Listings): Promise<PlanPoints> {
  const { job, source } = parts;
  const after = toUnreached(['Git LFS', 'size limits']);
  const gone = findGone(seen, job.selection);
  if (gone !== undefined) return { points: [toGonePoint(job, gone), ...after], outcomes: [] };
  const planned = await attempt(async () => {
    const refusal = planRefusal(seen, job.selection, seen.policy);
    if (refusal !== undefined) throw toRefusalError(refusal, source.url, seen.policy.pruneLimit);
    return await makePlan(parts, seen);
  });
  if ('failure' in planned)
    return { points: [toFailed('differences', planned.failure), ...after], outcomes: [] };
  const { plan, lfs } = planned.value;
  const outcomes = toPlannedOutcomes(plan);
  return {
    points: [
      toDifferencePoint(countRefs(outcomes)),
      await checkLfs(lfs, parts),
      toLimitPoint(outcomes, job.limits.profile.files !== undefined),
    ],
    outcomes,
  };
}

/** In a pipeline, the branch was deleted after the run started; on a workstation, it was never pushed. */
function toGonePoint({ trigger }: Job, ref: string): Point {
  if (trigger === undefined) return toFailed('differences', refMissing(ref));
  return toUnseen(
    'differences',
    'the ref of this run is no longer at the source: there is nothing to compare',
  );
}

/** Refs that exist only at the destination and that the policy keeps are not differences. */
function toDifferencePoint({ statuses, changed, failed }: Counts): Point {
  const kept = statuses.kept + statuses.refused - failed;
  const also = kept === 0 ? '' : `; only at the destination and kept: ${kept}`;
  if (changed + failed === 0) return toOk('differences', `none: ${statuses.equal} equal${also}`);
  const message = `${changed + failed} differ, ${statuses.equal} equal${also}`;
  const left = 'unchanged; the line of each ref says why, and what to do';
  const run = changed > 0 ? 'Run the mirror. ' : '';
  const rest = failed > 0 ? `A run leaves ${failed} ${left}.` : '';
  return toFailed('differences', { message, remedy: `${run}${rest}`.trim() });
}

/** History that was mirrored before is not checked again. */
const range = 'in what a run would send now';

async function checkLfs(
  lfs: LfsUse | undefined,
  { job, source, destination, scratch, context }: MirrorParts,
) {
  if (lfs === undefined || lfs.pointers.length === 0) return toOk('Git LFS', `no objects ${range}`);
  const needs = { source, destination, store: scratch.store, log: context.log };
  const { lfs: found } = await settleLfs(lfs, { ...job.policy, dryRun: true }, needs);
  const text = `${found === undefined ? 'Git LFS objects' : toLfsText(found)} ${range}`;
  if (job.policy.lfs === 'push') return toOk('Git LFS', `${text}; LFS is push, so they are sent first`);
  const message = `${text}; LFS is ${job.policy.lfs}, so they are not sent`;
  return toFailed('Git LFS', {
    message,
    remedy: 'LFS: push sends them, if the destination accepts them. A git push carries only pointers.',
  });
}

function toLimitPoint(outcomes: readonly RefOutcome[], isLimited: boolean): Point {
  if (!isLimited)
    return toUnseen('size limits', 'the destination is not CodeCommit; its limits are not known');
  const beyond = outcomes.filter(({ code }) => code === 'limit-exceeded');
  const [first] = beyond;
  if (first === undefined) return toOk('size limits', `no file exceeds them ${range}`);
  const more = beyond.length - 1;
  const others = more === 0 ? '' : ` (and ${more} more refs)`;
  return toFailed('size limits', {
    message: `${first.ref}${others}: ${first.reason ?? ''}`,
    remedy: 'Remove the file from the history of the ref, or skip the ref with EXCLUDE.',
  });
}
