import type { MirrorConfiguration } from '../configuration/configuration';
import type { HostRepository } from '../hosts/repository';
import type { PlannedRepository } from '../plan/decision';
import { parseMarker, toMarker } from '../plan/marker';
import { pathsAtMost, type RepositoryState, toNewState } from '../state/repositoryState';
import { destinationChanged } from './errors';
import type { Fleet } from './fleet';

/** A planned repository that is to be mirrored now. */
export type Runnable = PlannedRepository & { readonly action: 'create' | 'adopt' | 'follow' } & {
  readonly repository: HostRepository;
};

export function isRunnable(planned: PlannedRepository): planned is Runnable {
  return ['create', 'adopt', 'follow'].includes(planned.action) && planned.repository !== undefined;
}

/** A repository with its mirror: both are there, and the destination is ours. */
export interface Prepared {
  readonly state: RepositoryState;
  readonly destination: HostRepository;
}

/**
 * Makes the destination of a repository so: creates it, private, or writes our marker into its description. Its name is
 * saved before it is made, so that a run which is killed in between finds it again. Throws MirrorError.
 */
export async function prepareDestination(
  fleet: Fleet,
  mirror: MirrorConfiguration,
  planned: Runnable,
): Promise<Prepared> {
  const { identity, path, destination: name } = planned;
  const host = fleet.hostsOf(mirror).destination;
  const before =
    (await fleet.store.readRepository(mirror.name, identity)) ?? toNewState(mirror.name, identity, path);
  const named = rename({ ...before, destination: name }, path);
  if (before.destination !== name || before.path !== path) await save(fleet, named);
  const marker = toMarker({ identity, path }, mirror.to.host);
  const found = await host.findByName(name);
  requireExpected(planned, found);
  const destination =
    found ?? (await host.create({ name, description: marker, tags: { 'codecommit-mirror': identity } }));
  if (found !== undefined && found.description !== marker) await host.describe(found, marker);
  const state = { ...named, destinationIdentity: destination.identity };
  if (before.destinationIdentity !== destination.identity) await save(fleet, state);
  return { state, destination };
}

/** Between the plan and now, somebody may have made, replaced or taken away what is there. */
function requireExpected(planned: Runnable, found: HostRepository | undefined): void {
  const { action, destination: name, identity } = planned;
  const owner = found && parseMarker(found.description)?.identity;
  if (owner !== undefined && owner !== identity)
    throw destinationChanged(name, `it is marked as the mirror of ${owner}`);
  if (action === 'create') {
    if (found !== undefined && owner === undefined)
      throw destinationChanged(name, 'somebody has made it meanwhile');
    return;
  }
  if (found === undefined) throw destinationChanged(name, 'it is no longer there');
  const { destinationIdentity: expected = found.identity } = planned;
  if (found.identity !== expected) throw destinationChanged(name, 'another repository has its name now');
}

/** The names that a repository had are kept. */
function rename(state: RepositoryState, path: string): RepositoryState {
  if (state.path === path) return state;
  return { ...state, path, formerPaths: [...state.formerPaths, state.path].slice(-pathsAtMost) };
}

async function save({ store }: Fleet, state: RepositoryState): Promise<void> {
  await store.write([{ kind: 'repository', state }]);
}
