import type { Destination } from '../destination/destination';
import { planBackups } from '../plan/backup';
import { type Plan, toBackups, toReplacements, withhold } from '../plan/plan';
import type { RefMap } from '../refTable';
import type { Log } from '../report/log';
import { createTransferListener } from '../report/progress';
import type { Scratch } from '../source/scratch';
import { type Pushed, pushUpdates, toDone } from './push';

/** The plan with a backup for every value that it takes away. Fetches those values, so that they can be pushed again. */
export async function addBackups(
  plan: Plan,
  present: RefMap,
  stamp: string,
  { destination, scratch, log }: { destination: Destination; scratch: Scratch; log: Log },
): Promise<Plan> {
  const replacements = toReplacements(plan);
  const known = await scratch.readObjects(replacements.map(({ old }) => old));
  const missing = replacements.filter(({ old }) => !known.has(old)).map(({ ref }) => ref);
  if (missing.length > 0)
    await destination.fetch(missing, createTransferListener('Fetching what is replaced', log));
  const commits = await scratch.readCommits(replacements.map(({ old }) => old));
  return { ...plan, updates: [...plan.updates, ...planBackups(replacements, commits, present, stamp)] };
}

/** Pushes the backups of a plan, and gives the plan without the updates whose backup came to nothing. */
export async function pushBackups(
  plan: Plan,
  destination: Destination,
  log: Log,
): Promise<{ readonly plan: Plan; readonly pushed: Pushed }> {
  const backups = toBackups(plan);
  const pushed = await pushUpdates(backups, destination, log);
  const done = toDone(pushed);
  const failed = backups.filter(({ ref }) => !done.has(ref));
  const reasons = failed.map(({ of, ref }) => [of, { because: 'backup-failed', detail: ref }] as const);
  return { plan: withhold(plan, new Map(reasons)), pushed };
}
