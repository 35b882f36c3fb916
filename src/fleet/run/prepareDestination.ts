import { isDeepStrictEqual } from 'node:util';
import type { Host } from '../hosts/host';
import type { HostRepository } from '../hosts/repository';
import type { Decision, PlannedRepository } from '../plan/decision';
import { parseMarker, toMarker } from '../plan/marker';
import { type RepositoryState, toNewState, withPath } from '../state/repositoryState';
import { updateRepository } from '../state/update';
import { destinationChanged } from './errors';
import type { Fleet } from './fleet';
import { readRefs } from './readRefs';

/** A planned repository that is to be mirrored now. */
export type Runnable = PlannedRepository & { readonly action: 'create' | 'adopt' | 'follow' } & {
  readonly repository: HostRepository;
};

/** What of a planned repository its run needs. */
export type Openable = Pick<PlannedRepository, 'mirror' | 'identity' | 'path'> & {
  readonly repository: Pick<HostRepository, 'owner' | 'name'>;
} & Extract<Decision, { readonly action: Runnable['action'] }>;

export function isRunnable(planned: PlannedRepository): planned is Runnable {
  return ['create', 'adopt', 'follow'].includes(planned.action) && planned.repository !== undefined;
}

/**
 * Makes the destination of a repository so: creates it, private, or writes our marker into its description. Its name is
 * saved before it is made, so that a run which is killed in between finds it again. Throws MirrorError.
 */
export async function prepareDestination(fleet: Fleet, planned: Openable): Promise<HostRepository> {
  const { identity, path, destination: name } = planned;
  const host = fleet.hostsOf({ name: planned.mirror }).destination;
  await save(fleet, planned, { destination: name });
  const marker = toMarker({ identity, path }, host.descriptionAtMost);
  const found = await host.findByName(name);
  requireExpected(planned, found);
  // With our marker it was taken over by a run before, and holds what that has pushed.
  const isMarked = found !== undefined && parseMarker(found.description)?.identity === identity;
  if (found !== undefined && !isMarked && planned.action === 'adopt' && planned.by === 'empty')
    await requireEmpty(fleet, host, found);
  const destination =
    found ?? (await host.create({ name, description: marker, tags: { 'codecommit-mirror': identity } }));
  if (found !== undefined && found.description !== marker) await host.describe(found, marker);
  await save(fleet, planned, { destinationIdentity: destination.identity });
  return destination;
}

/** Between the plan and now, somebody may have made, replaced or taken away what is there. */
function requireExpected(planned: Openable, found: HostRepository | undefined): void {
  const { destination: name, identity } = planned;
  const owner = found && parseMarker(found.description)?.identity;
  if (owner !== undefined && owner !== identity)
    throw destinationChanged(name, `it is marked as the mirror of ${owner}`);
  if (planned.action === 'create') {
    if (found !== undefined && owner === undefined)
      throw destinationChanged(name, 'somebody has made it meanwhile');
    return;
  }
  if (found === undefined) throw destinationChanged(name, 'it is no longer there');
  if (found.identity !== planned.destinationIdentity)
    throw destinationChanged(name, 'another repository has its name now');
}

/** What is taken over because it was empty must be so still: a plan may be hours old. */
async function requireEmpty(fleet: Fleet, host: Host, { url, name }: HostRepository): Promise<void> {
  const { refs } = await readRefs({ url, name, login: await host.login() }, 'destination', fleet.context);
  if (refs.size > 0) throw destinationChanged(name, 'it was empty, and somebody has filled it meanwhile');
}

/** Writes nothing where nothing is new. */
async function save(
  { store }: Fleet,
  { mirror, identity, path }: Openable,
  more: Pick<RepositoryState, 'destination' | 'destinationIdentity'>,
): Promise<void> {
  await updateRepository(store, { mirror, identity }, (before) => {
    const state = { ...withPath(before ?? toNewState(mirror, identity, path), path), ...more };
    return isDeepStrictEqual(state, before) ? [] : [{ kind: 'repository', state }];
  });
}
