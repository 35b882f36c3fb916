import type { RepositoryCheck } from '../run/checkAll';
import type { Fleet } from '../run/fleet';
import type { RepositoryRun } from '../run/mirrorRepository';
import { planNextLook } from '../schedule/due';
import { updateRepository } from '../state/update';

/**
 * Saves when to look next. What the host told of during the run, whose `hint` was this when it began, is looked at once
 * more: the run may have been past it.
 */
export async function saveNextLook(
  fleet: Fleet,
  { planned }: RepositoryRun,
  hint: string | undefined,
  random: () => number,
): Promise<void> {
  const { host } = fleet.mirrorNamed(planned.mirror).from;
  const hintedAt = planned.repository.changedAt?.getTime();
  await updateRepository(fleet.store, planned, (state) => {
    if (state === undefined || state.hint !== hint) return [];
    const { lookedAt, changedAt, failures } = state;
    const dueAt = Math.round(planNextLook({ lookedAt, changedAt, failures, hintedAt, host }, random));
    return [{ kind: 'repository', state: { ...state, dueAt } }];
  });
}

/** Saves what a check saw. `now` in milliseconds. */
export async function saveCheck(
  fleet: Fleet,
  { planned, behind, extra, error, branches, tags }: RepositoryCheck,
  now: number,
): Promise<void> {
  if (error !== undefined) return;
  const { prune } = fleet.mirrorNamed(planned.mirror).policy;
  const isEqual = behind === 0 && (extra === 0 || !prune);
  await updateRepository(fleet.store, planned, (known) => {
    if (known === undefined) return [];
    const seen = { ...known, lookedAt: now, refs: branches + tags };
    if (!isEqual) return [{ kind: 'repository', state: { ...seen, state: 'behind', dueAt: 0 } }];
    const { problem: _solved, ...equal } = seen;
    return [{ kind: 'repository', state: { ...equal, state: 'equal', failures: 0, verifiedAt: now } }];
  });
}
