import type { Destination } from '../destination/destination';
import type { Range } from '../git/range';
import { type Plan, planClearing, toPushes } from '../plan/plan';
import type { SliceLimits } from '../plan/slices';
import type { RefMap } from '../refTable';
import type { Log } from '../report/log';
import type { Scratch } from '../source/scratch';
import { pushBackups } from './backup';
import { addPushed, type Pushed, pushUpdates } from './push';
import { pushSlices } from './slices';

/** What came of a plan: `plan` is what was tried in the end, `advanced` tells that slices came through. */
export interface PlanPushed {
  readonly plan: Plan;
  readonly pushed: Pushed;
  readonly advanced: boolean;
}

/**
 * Carries out a plan: backups before what they are for; the history in slices where it is too big for one push; the
 * refs; and at last the tags that carried slices go, an earlier run's too. Stops at the first push that fails as a
 * whole. `present` is what the destination had, `first` the ref that an empty one must get first.
 */
export async function pushPlan(
  planned: Plan,
  {
    range,
    present,
    first,
    limits,
  }: { range: Range; present: RefMap; first: string | undefined; limits: SliceLimits },
  { destination, scratch, log }: { destination: Destination; scratch: Scratch; log: Log },
): Promise<PlanPushed> {
  const { plan, pushed: backups } = await pushBackups(planned, destination, log);
  if (backups.failure !== undefined) return { plan, pushed: backups, advanced: false };
  const needs = { git: scratch.git, destination, log };
  const slices = await pushSlices(range, await scratch.readPackBytes(), limits, needs);
  const advanced = slices.tags.size > 0;
  const sent = addPushed(backups, slices);
  if (slices.failure !== undefined) return { plan, pushed: sent, advanced };
  const refs = addPushed(sent, await pushUpdates(toPushes(plan), destination, log, first));
  if (refs.failure !== undefined) return { plan, pushed: refs, advanced };
  const clearing = planClearing(new Map([...present, ...slices.tags]));
  return { plan, pushed: addPushed(refs, await pushUpdates(clearing, destination, log)), advanced };
}
