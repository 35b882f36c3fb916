import { isDeepStrictEqual } from 'node:util';
import { toReason } from '../command/describePlan';
import type { HostRepository } from '../hosts/repository';
import type { PlannedRepository } from '../plan/decision';
import { type RepositoryState, toNewState } from '../state/repositoryState';
import { isRunnable, type Runnable } from './prepareDestination';

/** When the host says that the repository changed last; undefined on hosts that do not say. */
export function toHint({ changedAt }: HostRepository): string | undefined {
  return changedAt?.toISOString();
}

/** What is known of a repository after it was listed and planned; undefined where there is nothing new to save. */
export function toListedState(
  planned: PlannedRepository,
  known: RepositoryState | undefined,
): RepositoryState | undefined {
  const state = isRunnable(planned) ? toRunnableState(planned, known) : toIdleState(planned, known);
  return isDeepStrictEqual(state, known) ? undefined : state;
}

/** A repository whose time stamp has moved is due at once. */
function toRunnableState(planned: Runnable, known: RepositoryState | undefined): RepositoryState {
  const state = known ?? toNewState(planned.mirror, planned.identity, planned.path);
  const hint = toHint(planned.repository);
  if (hint === undefined || hint === state.hint) return state;
  return { ...state, hint, dueAt: 0 };
}

/** The state of a repository that is not mirrored; undefined where there is none to keep. */
function toIdleState(
  planned: PlannedRepository,
  known: RepositoryState | undefined,
): RepositoryState | undefined {
  switch (planned.action) {
    case 'conflict': {
      if (planned.because === 'unlisted') return known;
      const { problem: _before, ...state } =
        known ?? toNewState(planned.mirror, planned.identity, planned.path);
      const problem = {
        code: 'fleet-conflict',
        message: toReason(planned) ?? '',
        remedy: planned.remedy,
      };
      return { ...state, state: 'blocked', problem };
    }
    case 'gone':
      return known && { ...known, state: 'gone' };
    case 'frozen':
      return known && { ...known, state: 'frozen' };
    default:
      return known;
  }
}
