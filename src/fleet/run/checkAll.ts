import { hasCode, type MirrorError } from '../../errors';
import { isBranch, selectRefs } from '../../plan/refs';
import { toMirrorError } from '../../system/errors';
import type { PlannedRepository } from '../plan/decision';
import type { Fleet } from './fleet';
import { isRunnable, type Runnable } from './prepareDestination';
import { readRefs } from './readRefs';
import { runQueued } from './runQueued';

/** Whether both sides of one mirror have the same refs. */
export interface RepositoryCheck {
  readonly planned: Runnable;
  /** Refs of the source that the destination has with another value, or not. */
  readonly behind: number;
  /** Refs that the destination alone has. */
  readonly extra: number;
  readonly branches: number;
  readonly tags: number;
  readonly error?: MirrorError;
}

/** Compares the refs of both sides, repository by repository; nothing is fetched, pushed or made. */
export async function checkAll(
  fleet: Fleet,
  repositories: readonly PlannedRepository[],
  ended: (check: RepositoryCheck) => void,
): Promise<readonly RepositoryCheck[]> {
  const checks: RepositoryCheck[] = [];
  const work = async (planned: Runnable) => {
    const check = await checkRepository(fleet, planned);
    checks.push(check);
    ended(check);
  };
  await runQueued(fleet, repositories.filter(isRunnable), work);
  return checks;
}

const none = { behind: 0, extra: 0, branches: 0, tags: 0 };

/** Compares the refs of both sides of one repository. Never throws for the repository's own sake. */
export async function checkRepository(fleet: Fleet, planned: Runnable): Promise<RepositoryCheck> {
  const mirror = fleet.mirrorNamed(planned.mirror);
  const hosts = fleet.hostsOf(mirror);
  try {
    const [from, to, there] = await Promise.all([
      hosts.source.login(),
      hosts.destination.login(),
      hosts.destination.findByName(planned.destination),
    ]);
    const { context } = fleet;
    const source = { url: planned.repository.url, name: planned.path, login: from };
    const [wanted, present] = await Promise.all([
      readRefs(source, 'source', context),
      there === undefined
        ? { refs: new Map<string, string>() }
        : readRefs({ url: there.url, name: there.name, login: to }, 'destination', context),
    ]);
    const [ours, theirs] = [wanted.refs, present.refs].map((refs) => selectRefs(refs, mirror.selection));
    if (ours === undefined || theirs === undefined) return { planned, ...none };
    const branches = [...ours.keys()].filter(isBranch).length;
    return {
      planned,
      behind: [...ours].filter(([ref, oid]) => theirs.get(ref) !== oid).length,
      extra: [...theirs.keys()].filter((ref) => !ours.has(ref)).length,
      branches,
      tags: ours.size - branches,
    };
  } catch (error) {
    if (hasCode(error, ['stopped', 'time-limit'])) throw error;
    return { planned, ...none, error: toMirrorError(error) };
  }
}
