import type { Log } from '../../system/context';
import type { PlannedRepository } from '../plan/decision';
import type { Fleet } from './fleet';
import { isRefused, mirrorRepository, type RepositoryRun } from './mirrorRepository';
import { isRunnable, type Runnable } from './prepareDestination';
import { runQueued } from './runQueued';

/** What is told while a fleet is mirrored. */
export interface Listener {
  began(planned: Runnable): void;
  ended(run: RepositoryRun): Promise<void>;
  /** Where the core tells of one repository. */
  openLog(planned: Runnable): Log;
}

/**
 * Mirrors each of these repositories that is to be mirrored, several at once, the largest last: a huge one holds nobody up.
 * Gives the runs in the order in which they ended, and those that were not begun, as the run was stopped or the token of
 * their mirror is refused.
 */
export async function mirrorAll(
  fleet: Fleet,
  repositories: readonly PlannedRepository[],
  listener: Listener,
): Promise<{ readonly runs: readonly RepositoryRun[]; readonly notBegun: readonly Runnable[] }> {
  const runnable = repositories.filter(isRunnable).sort(bySize);
  const runs: RepositoryRun[] = [];
  const begun = new Set<Runnable>();
  const refused = new Set<string>();
  const work = async (planned: Runnable) => {
    // One token that is refused is not thousands of failures.
    if (refused.has(planned.mirror)) return;
    begun.add(planned);
    listener.began(planned);
    const run = await mirrorRepository(planned, { fleet, trigger: 'asked', log: listener.openLog(planned) });
    if (isRefused(run)) {
      if (refused.has(planned.mirror)) return void begun.delete(planned);
      refused.add(planned.mirror);
    }
    runs.push(run);
    await listener.ended(run);
  };
  await runQueued(fleet, runnable, work);
  return { runs, notBegun: runnable.filter((planned) => !begun.has(planned)) };
}

/** What the host says of the size is a hint; without it a repository is taken for a small one. */
function bySize(one: Runnable, other: Runnable): number {
  return (one.repository.bytes ?? 0) - (other.repository.bytes ?? 0);
}
