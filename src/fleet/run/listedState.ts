import { isDeepStrictEqual } from 'node:util';
import type { MirrorError } from '../../errors';
import type { HostRepository } from '../hosts/repository';
import type { PlannedRepository } from '../plan/decision';
import { type RepositoryState, toNewState } from '../state/repositoryState';
import type { StateChange } from '../state/store';
import { isRunnable, type Runnable } from './prepareDestination';

/** When the host says that the repository changed last; undefined on hosts that do not say. */
export function toHint({ changedAt }: HostRepository): string | undefined {
  return changedAt?.toISOString();
}

/**
 * What a listing and its plan change in what is known of a repository; nothing where nothing is new. `shrunken` is the
 * problem of its mirror's listing, where that has shrunk; `complete` adds what else is to be known.
 */
export function toListedChanges(
  planned: PlannedRepository,
  known: RepositoryState | undefined,
  shrunken?: MirrorError,
  complete = (state: RepositoryState) => state,
): readonly StateChange[] {
  const { mirror, identity } = planned;
  if (isLeftOut(planned)) return known === undefined ? [] : [{ kind: 'forget', mirror, identity }];
  const listed = isRunnable(planned)
    ? toRunnableState(planned, known)
    : toIdleState(planned, known, shrunken);
  const state = listed && complete(listed);
  return state === undefined || isDeepStrictEqual(state, known) ? [] : [{ kind: 'repository', state }];
}

/** Left out, and never mirrored: nothing of it is of interest. */
function isLeftOut(planned: PlannedRepository): boolean {
  return planned.action === 'excluded' && planned.destination === undefined;
}

/** A repository whose time stamp has moved is due at once, and so is one that could not be mirrored before. */
function toRunnableState(planned: Runnable, known: RepositoryState | undefined): RepositoryState {
  const state = known ?? toNewState(planned.mirror, planned.identity, planned.path);
  const hint = toHint(planned.repository);
  const isBack = ['blocked', 'gone', 'frozen'].includes(state.state);
  // An archived one gets its last run.
  const isUrgent = isBack || planned.repository.isArchived;
  if (!isUrgent && (hint === undefined || hint === state.hint)) return state;
  return { ...state, ...(hint !== undefined && { hint }), dueAt: 0 };
}

/** The state of a repository that is not mirrored; undefined where there is none to keep. */
function toIdleState(
  planned: PlannedRepository,
  known: RepositoryState | undefined,
  shrunken: MirrorError | undefined,
): RepositoryState | undefined {
  switch (planned.action) {
    case 'conflict': {
      if (planned.because === 'unlisted') return known;
      const { detail: message, remedy } = planned;
      return toBlocked(planned, known, { code: 'fleet-conflict', message, remedy });
    }
    case 'follow': {
      if (shrunken === undefined || known === undefined) return known;
      const message = 'The listing of the source lacks it and many others.';
      return toBlocked(planned, known, { code: shrunken.code, message, remedy: shrunken.remedy });
    }
    case 'gone':
    case 'frozen':
      return known && toQuiet(known, planned.action);
    case 'excluded':
      // Its mirror stays as it is, like that of an archived one.
      return known && toQuiet(known, 'frozen');
    default:
      return known;
  }
}

function toQuiet({ problem: _past, ...known }: RepositoryState, state: 'gone' | 'frozen'): RepositoryState {
  return { ...known, state };
}

function toBlocked(
  { mirror, identity, path }: PlannedRepository,
  known: RepositoryState | undefined,
  problem: NonNullable<RepositoryState['problem']>,
): RepositoryState {
  return { ...(known ?? toNewState(mirror, identity, path)), state: 'blocked', problem };
}
