import { planBackups } from '../plan/backup';
import { isReplacement, type Plan, withhold } from '../plan/plan';
import type { RefMap } from '../refTable';
import { createTransferListener } from '../report/progress';
import type { Scratch } from '../source/scratch';
import { done, type Pushed, type PushNeeds, pushUpdates } from './push';

/** The plan with a backup for every value that it takes away. Fetches those values, so that they can be pushed again. */
export async function addBackups(
  plan: Plan,
  present: RefMap,
  stamp: string,
  { destination, scratch, log }: PushNeeds & { readonly scratch: Scratch },
): Promise<Plan> {
  const replacements = plan.updates.filter(isReplacement);
  const replaced = replacements.map(({ ref, old }) => [ref, old] as const);
  const missing = await scratch.selectMissing(replaced);
  if (missing.size > 0)
    await destination.fetch(missing, createTransferListener('Fetching what is replaced', log));
  const commits = await scratch.readCommits(replaced);
  return { ...plan, backups: planBackups(replacements, commits, present, stamp) };
}

/** Pushes the backups of a plan, and gives the plan without the updates whose backup came to nothing. */
export async function pushBackups(
  plan: Plan,
  needs: PushNeeds,
): Promise<{ readonly plan: Plan; readonly pushed: Pushed }> {
  const pushed = await pushUpdates(plan.backups, needs);
  const failed = plan.backups.filter(({ ref }) => pushed.said.get(ref) !== done);
  const details = needs.tables.gather(failed.map(({ of, ref }) => [of, ref] as const));
  return { plan: withhold(plan, 'backup-failed', details), pushed };
}
