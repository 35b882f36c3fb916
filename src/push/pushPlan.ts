import type { Range } from '../git/range';
import { type Plan, planClearing, toPushes } from '../plan/plan';
import type { SliceLimits } from '../plan/slices';
import type { RefMap } from '../refTable';
import type { Scratch } from '../source/scratch';
import { pushBackups } from './backup';
import { addTotals, type Pushed, type PushNeeds, pushUpdates } from './push';
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
  { scratch, ...needs }: PushNeeds & { readonly scratch: Scratch },
): Promise<PlanPushed> {
  const { plan, pushed: backups } = await pushBackups(planned, needs);
  if (backups.failure !== undefined) return { plan, pushed: backups, advanced: false };
  const packBytes = await scratch.readPackBytes();
  const slices = await pushSlices(range, packBytes, limits, { ...needs, git: scratch.git });
  const advanced = slices.tags.size > 0;
  const sent = { ...addTotals(backups, slices), said: backups.said };
  if (sent.failure !== undefined) return { plan, pushed: sent, advanced };
  const refs = await pushUpdates(toPushes(plan), needs, first);
  const said = { get: (ref: string) => refs.said.get(ref) ?? backups.said.get(ref) };
  const pushed = { ...addTotals(sent, refs), said };
  if (pushed.failure !== undefined) return { plan, pushed, advanced };
  const cleared = await pushUpdates(planClearing(present, slices.tags), needs);
  return { plan, pushed: { ...addTotals(pushed, cleared), said }, advanced };
}
