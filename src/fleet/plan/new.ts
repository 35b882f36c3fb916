import { toPath } from '../configuration/patterns';
import { type AssignedName, assignNames, type NameRequest, type TakenNames } from './assignNames';
import { collision, invalidName, markedTwice, unlisted } from './conflicts';
import type { Decision, MirrorWorld } from './decision';
import { decideAdoption, toDestinations } from './destinations';
import { toPlace, toRoot } from './fleetMirror';
import { parseMarker } from './marker';
import { fillTemplate, toNameFields, toNameKey } from './naming';
import type { SourceDecision } from './sources';

export type NewSource = Extract<SourceDecision, { kind: 'new' }>;

interface Request extends NameRequest {
  readonly source: NewSource;
}

/** Gives the repositories without a name at the destination one, all together, and decides for each. */
export function planNew(
  sources: readonly SourceDecision[],
  worlds: readonly MirrorWorld[],
  sourceIdentities: ReadonlySet<string>,
): (source: NewSource) => Decision {
  const taken = findTakenNames(worlds);
  const decisions = new Map<NewSource, Decision>();
  const requests: Request[] = [];
  for (const source of sources) {
    if (source.kind !== 'new') continue;
    const decision = decideByMarker(source, taken, sourceIdentities);
    if (decision === undefined) requests.push(toRequest(source));
    else decisions.set(source, decision);
  }
  for (const [{ source }, assigned] of assignNames(requests, taken))
    decisions.set(source, decideByName(source, assigned, sourceIdentities));
  return (source) => {
    const decision = decisions.get(source);
    if (decision === undefined) throw new Error(`no decision for ${source.identity}`);
    return decision;
  };
}

/** The names that belong to somebody: first as the state says, then as the markers at the destination say. */
function findTakenNames(worlds: readonly MirrorWorld[]): TakenNames {
  const places = new Map<string, Map<string, string>>();
  const take = (place: string, name: string, identity: string) => {
    const names = places.get(place) ?? new Map<string, string>();
    places.set(place, names);
    if (!names.has(toNameKey(name))) names.set(toNameKey(name), identity);
  };
  for (const { mirror, known } of worlds)
    for (const { destination, identity } of known)
      if (destination !== undefined) take(toPlace(mirror.to), destination, identity);
  for (const { mirror, destination } of worlds)
    for (const { name, description } of destination.repositories) {
      const marker = parseMarker(description);
      if (marker !== undefined) take(toPlace(mirror.to), name, marker.identity);
    }
  return places;
}

/** A mirror that is there already, whatever its name: the state was lost, or another machine made it. */
function decideByMarker(
  { world, identity }: NewSource,
  taken: TakenNames,
  sourceIdentities: ReadonlySet<string>,
): Decision | undefined {
  const [found, ...more] = toDestinations(world).byMarker.get(identity) ?? [];
  if (found === undefined) return undefined;
  if (more.length > 0) return markedTwice([found, ...more]);
  const holder = taken.get(toPlace(world.mirror.to))?.get(toNameKey(found.name));
  if (holder !== identity)
    return collision(found.name, `"${found.name}" was given to another repository of this fleet`);
  return decideAdoption(found, identity, world, sourceIdentities);
}

function toRequest(source: NewSource): Request {
  const { world, repository, identity } = source;
  const { from, to } = world.mirror;
  const path = toPath(repository).toLowerCase();
  const chosen = Object.entries(to.names).find(([key]) => key.toLowerCase() === path)?.[1];
  const wanted = chosen ?? fillTemplate(to.repository, toNameFields(repository, toRoot(from)));
  const place = toPlace(to);
  return { source, identity, kind: to.host, place, wanted, isChosen: chosen !== undefined };
}

function decideByName(
  { world, identity }: NewSource,
  assigned: AssignedName,
  sourceIdentities: ReadonlySet<string>,
): Decision {
  const { name } = assigned;
  if ('fault' in assigned)
    return assigned.fault === 'invalid'
      ? invalidName(name, assigned.detail)
      : collision(name, assigned.detail);
  const found = toDestinations(world).byName.get(toNameKey(name));
  if (found !== undefined) return decideAdoption(found, identity, world, sourceIdentities);
  return world.destination.isWhole ? { action: 'create', destination: name } : unlisted(name);
}
