import type { HostRepository } from '../hosts/repository';
import { type Conflict, foreign, foreignMarker, loop, unseen } from './conflicts';
import type { Decision, MirrorWorld } from './decision';
import { parseMarker } from './marker';
import { toNameKey } from './naming';

/** What is at the destination of a mirror, by the keys that it is looked up with. */
export interface Destinations {
  readonly byName: ReadonlyMap<string, HostRepository>;
  readonly byIdentity: ReadonlyMap<string, HostRepository>;
  /** The repositories whose marker names this source. */
  readonly byMarker: ReadonlyMap<string, readonly HostRepository[]>;
}

const indexed = new WeakMap<MirrorWorld, Destinations>();

/** Made once for each world: a plan asks for every repository. */
export function toDestinations(world: MirrorWorld): Destinations {
  const known = indexed.get(world);
  if (known !== undefined) return known;
  const { repositories } = world.destination;
  const destinations = {
    byName: new Map(repositories.map((each) => [toNameKey(each.name), each])),
    byIdentity: new Map(repositories.map((each) => [each.identity, each])),
    byMarker: toMarked(repositories),
  };
  indexed.set(world, destinations);
  return destinations;
}

function toMarked(repositories: readonly HostRepository[]): ReadonlyMap<string, readonly HostRepository[]> {
  const marked = new Map<string, HostRepository[]>();
  for (const each of repositories) {
    const marker = parseMarker(each.description);
    if (marker === undefined) continue;
    const others = marked.get(marker.identity);
    if (others === undefined) marked.set(marker.identity, [each]);
    else others.push(each);
  }
  return marked;
}

/**
 * Whether what is at the destination may be taken for this source: it carries the source's own marker, or it is empty, or
 * the operator adopted it by name. Everything else is a conflict.
 */
export function decideAdoption(
  found: HostRepository,
  identity: string,
  world: MirrorWorld,
  sourceIdentities: ReadonlySet<string>,
): Extract<Decision, { action: 'adopt' }> | Conflict {
  if (sourceIdentities.has(found.identity)) return loop(found);
  const adopt = (by: 'marker' | 'empty' | 'name') => ({
    action: 'adopt' as const,
    by,
    destination: found.name,
    destinationIdentity: found.identity,
  });
  const marker = parseMarker(found.description);
  if (marker?.identity === identity) return adopt('marker');
  if (marker !== undefined) return foreignMarker(found, `${marker.identity} ${marker.path}`.trimEnd());
  if (world.isEmpty.get(found.identity) === true) return adopt('empty');
  if (isAdoptedByName(found.name, world)) return adopt('name');
  return world.isEmpty.has(found.identity) ? foreign(found) : unseen(found);
}

function isAdoptedByName(name: string, { mirror }: MirrorWorld): boolean {
  return mirror.to.adopt.some((each) => toNameKey(each) === toNameKey(name));
}
