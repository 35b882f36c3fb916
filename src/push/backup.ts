import type { MirrorError } from '../errors';
import type { Scratch } from '../objects/scratch';
import { planBackups } from '../plan/backup';
import { exclude, isReplacement, type Plan } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import { createTransferListener } from '../report/progress';
import { type PushNeeds, pushUpdates } from './push';

/** The plan with a backup for every value that it removes. Fetches those values, so that they can be pushed again. */
export async function addBackups(
  plan: Plan,
  present: RefMap,
  stamp: string,
  { destination, scratch, log }: Pick<PushNeeds, 'destination' | 'log'> & { readonly scratch: Scratch },
): Promise<Plan> {
  const replacements = plan.updates.filter(isReplacement);
  const replaced = new Map(replacements.map(({ ref, old }) => [ref, old]));
  const missing = await scratch.selectMissing(replaced);
  if (missing.size > 0)
    await destination.fetch(missing, { onStderr: createTransferListener('Fetching what is replaced', log) });
  const commits = await scratch.readCommits(replaced);
  return { ...plan, backups: planBackups(replacements, commits, present, stamp) };
}

/**
 * Pushes the backups of a plan. Returns the plan without the updates whose backup failed, and the error if the push
 * failed as a whole.
 */
export async function pushBackups(
  plan: Plan,
  needs: PushNeeds,
): Promise<{ readonly plan: Plan; readonly failure: MirrorError | undefined }> {
  if (plan.backups.length === 0) return { plan, failure: undefined };
  const failure = await pushUpdates(plan.backups, needs);
  const failed = plan.backups.filter(({ ref }) => needs.journal.answer(ref)?.done !== true);
  const names = new Map(failed.map(({ of, ref }) => [of, ref]));
  const rest = exclude(plan, 'backup-failed', (ref) => names.get(ref));
  needs.journal.revised(rest);
  return { plan: rest, failure };
}
