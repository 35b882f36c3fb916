import { hasCode, type MirrorError } from '../errors';
import type { Range } from '../git/commitRange';
import type { Scratch } from '../objects/scratch';
import { planBatches } from '../plan/batches';
import { type Plan, toPushes } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import type { SliceLimits } from '../plan/slices';
import { pushBackups } from './backup';
import { clearSlices } from './clearSlices';
import { type PushNeeds, pushUpdates } from './push';
import { pushSlices } from './slices';

/** How the pushes of a plan ended. The journal has the result of each ref. */
export interface PlanPushed {
  readonly failure: MirrorError | undefined;
  /** The connection broke during a transfer: smaller pushes may help. */
  readonly cut: boolean;
  /** The destination received a part of the history. */
  readonly advanced: boolean;
}

/** What the push of a plan needs to know about both sides. */
export interface PushSituation {
  readonly range: Range;
  /** The refs of the destination before the push. */
  readonly present: RefMap;
  /** The ref that is pushed first into an empty destination, so that it becomes the default branch. */
  readonly first: string | undefined;
  readonly limits: SliceLimits;
}

/**
 * Prepares the first push of a plan while its history is scanned, which takes as long. Not if the history may go in slices,
 * nor after a push that was cut: a server may hang up because of the second session.
 */
export async function preparePush(
  plan: Plan,
  { first, limits }: Pick<PushSituation, 'first' | 'limits'>,
  { destination, batch, scratch }: Pick<PushNeeds, 'destination' | 'batch'> & { readonly scratch: Scratch },
): Promise<void> {
  const [next] = planBatches(toPushes(plan), { first, limits: batch });
  if (next === undefined || limits.cuts > 0 || (await scratch.readPackBytes()) > limits.pushBytes) return;
  destination.prepare(next);
}

/**
 * Carries out a plan: backups; the history in slices if it is too large for one push; the refs; then deletes the slice
 * tags. Stops at the first push that fails as a whole.
 */
export async function pushPlan(
  planned: Plan,
  { range, present, first, limits }: PushSituation,
  needs: PushNeeds & { readonly scratch: Scratch },
): Promise<PlanPushed> {
  const ended = (failure: MirrorError | undefined, advanced: boolean) => ({
    failure,
    cut: hasCode(failure, ['connection-dropped', 'timed-out', 'push-too-large', 'out-of-memory']),
    advanced,
  });
  const { plan, failure: notBackedUp } = await pushBackups(planned, needs);
  if (notBackedUp !== undefined) return ended(notBackedUp, false);
  const slices = await pushSlices(range, limits, needs);
  const advanced = slices.tags.size > 0;
  if (slices.failure !== undefined) return ended(slices.failure, advanced);
  const failure = await pushUpdates(toPushes(plan), needs, first);
  if (failure !== undefined) return ended(failure, advanced);
  return ended(await clearSlices(plan, new Map([...present, ...slices.tags]), needs), advanced);
}
