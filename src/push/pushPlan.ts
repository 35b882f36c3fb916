import { hasCode, type MirrorError } from '../errors';
import type { Range } from '../git/commitRange';
import type { Scratch } from '../objects/scratch';
import { type Plan, toPushes } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import type { SliceLimits } from '../plan/slices';
import { pushBackups } from './backup';
import { clearSlices } from './clearSlices';
import { type PushNeeds, pushUpdates } from './push';
import { pushSlices } from './slices';

/** How the pushes of a plan ended; the journal has what became of each ref. */
export interface PlanPushed {
  readonly failure: MirrorError | undefined;
  /** The connection broke while something was sent: smaller pushes may help. */
  readonly cut: boolean;
  /** The destination has a part of the history that it did not have before. */
  readonly advanced: boolean;
}

/** What a push of a plan has to know of both sides. */
export interface PushSituation {
  readonly range: Range;
  /** The refs of the destination before the push. */
  readonly present: RefMap;
  /** The ref that an empty destination must get first: it becomes the default branch. */
  readonly first: string | undefined;
  readonly limits: SliceLimits;
}

/**
 * Carries out a plan: backups before the replacements that they are for; the history in slices where it is too big
 * for one push; the refs; at last it deletes the tags that carried slices. Stops at the first push that fails as a whole.
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
