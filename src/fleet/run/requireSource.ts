import type { Host } from '../hosts/host';
import type { HostRepository } from '../hosts/repository';
import { sourceChanged } from './errors';
import type { Openable } from './prepareDestination';

/**
 * The source of a run, as its host has it now. A plan may be an hour old, and its address names whatever has that name:
 * a repository that was made again under it must not go over the mirror of the one before. One that went to another
 * owner is no longer of this mirror. Throws MirrorError.
 */
export async function requireSource(
  host: Host,
  { identity, path, repository }: Openable,
): Promise<HostRepository> {
  const found = (await findCheaply(host, identity, repository)) ?? (await host.find(identity));
  const isAsPlanned =
    found?.identity === identity && found.owner.toLowerCase() === repository.owner.toLowerCase();
  if (!isAsPlanned) throw sourceChanged(path);
  return found;
}

/** CodeCommit finds nothing by its ID, and to look for one is to list all: that is done where the name has changed. */
async function findCheaply(
  host: Host,
  identity: string,
  { name }: Openable['repository'],
): Promise<HostRepository | undefined> {
  if (host.kind !== 'codecommit') return undefined;
  const named = await host.findByName(name);
  return named?.identity === identity ? named : undefined;
}
