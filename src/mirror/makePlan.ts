import type { Range } from '../git/commitRange';
import type { LfsUse } from '../lfs/search';
import { fetchMissing } from '../objects/fetchMissing';
import { excludeUnsendable, scanHistory } from '../objects/scanHistory';
import { type Plan, planMirror, planWanted, toPushes } from '../plan/plan';
import { excludeNames, excludeUnwritable, findObstacle } from '../plan/refNameConflicts';
import { isEverything } from '../plan/refs';
import { addBackups } from '../push/backup';
import { type Listings, type MirrorParts, requireUnmoved } from './look';

/** A plan, the history that it sends, and the use of Git LFS in that history. */
export interface PreparedPush {
  readonly plan: Plan;
  readonly range: Range;
  readonly lfs: LfsUse | undefined;
}

/**
 * Fetches what a push needs, and plans it. Throws MirrorError `source-moved` if the source changed since it was listed.
 */
export async function makePlan(parts: MirrorParts, seen: Listings): Promise<PreparedPush> {
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
  const { excesses, lfs } = await time('survey', () => scanHistory(range, limits.profile.files, scratch.git));
  const plan = await excludeUnsendable(writable, excesses, range, scratch);
  if (!job.policy.backup) return { plan, range, lfs };
  return {
    plan: await addBackups(plan, seen.destination, toStamp(context.startedAt), { destination, scratch, log }),
    range,
    lfs,
  };
}

/** `2026-11-20T081500Z`: git allows no colon in a ref name. */
function toStamp(date: Date): string {
  return date.toISOString().replace(/:|\.\d+/g, '');
}
