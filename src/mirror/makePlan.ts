import type { LfsUse } from '../lfs/search';
import { fetchMissing } from '../objects/fetchMissing';
import { excludeUnsendable, scanHistory } from '../objects/scanHistory';
import { type Plan, planMirror, planWanted, toPushes } from '../plan/plan';
import { excludeNames, excludeUnwritable, findObstacle } from '../plan/refNameConflicts';
import { isEverything } from '../plan/refs';
import { addBackups } from '../push/backup';
import { type PushSituation, preparePush } from '../push/pushPlan';
import { type Listings, type MirrorParts, requireUnmoved } from './look';
import type { Attempt } from './retry';

/** A plan, what its push needs to know, and the use of Git LFS in the history that it sends. */
export interface PreparedPush {
  readonly plan: Plan;
  readonly situation: PushSituation;
  readonly lfs: LfsUse | undefined;
}

/**
 * Fetches what a push needs, and plans it. Without an attempt, nothing will be pushed, and nothing is packed. Throws MirrorError `source-moved` if the source changed since it was listed.
 */
export async function makePlan(
  parts: MirrorParts,
  seen: Listings,
  attempt?: Pick<Attempt, 'cuts'>,
): Promise<PreparedPush> {
  const { job, context, scratch, source, destination } = parts;
  const { time } = context.stopwatch;
  const { selection, limits } = job;
  const wanted = planWanted(seen, selection).filter(
    ({ ref }) => findObstacle(ref, seen.destination, seen.source) === undefined,
  );
  const { log } = context;
  const { store } = scratch;
  const scope = { present: seen.destination, wantsAll: isEverything(selection) };
  const fastForwards = await time('fetch', () =>
    store.alone(() => fetchMissing(wanted, scope, { source, scratch: store, log })),
  );
  const whole = planMirror(seen, selection, fastForwards, seen.policy);
  const named = excludeNames(whole, limits.profile.names);
  const writable = excludeUnwritable(named, seen.destination, seen.source);
  if (!seen.fallback) await requireUnmoved(writable, source);

  const tips = toPushes(writable).flatMap(({ new: tip }) => tip ?? []);
  const range = { tips, known: [...seen.destination.values()] };
  const situation = {
    range,
    present: seen.destination,
    first: seen.destination.size === 0 ? seen.sourceHead : undefined,
    limits: { pushBytes: limits.pushBytes, cuts: attempt?.cuts ?? 0 },
  };
  // With backups, these are pushed first.
  if (attempt !== undefined && !job.policy.backup && !job.policy.dryRun)
    await preparePush(writable, situation, { destination, batch: limits.profile.batch, scratch });
  const { excesses, lfs } = await time('survey', () => scanHistory(range, limits.profile.files, scratch.git));
  const plan = await excludeUnsendable(writable, excesses, range, scratch);
  if (!job.policy.backup) return { plan, situation, lfs };
  return {
    plan: await addBackups(plan, seen.destination, toStamp(context.startedAt), { destination, scratch, log }),
    situation,
    lfs,
  };
}

/** `2026-11-20T081500Z`: git allows no colon in a ref name. */
function toStamp(date: Date): string {
  return date.toISOString().replace(/:|\.\d+/g, '');
}
