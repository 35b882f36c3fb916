import { foreignMarker, loop, renamedThere, unlisted } from './conflicts';
import type { Decision } from './decision';
import { decideAdoption, toDestinations } from './destinations';
import { parseMarker } from './marker';
import { toNameKey } from './naming';
import type { SourceDecision } from './sources';

export type KnownSource = Extract<SourceDecision, { kind: 'known' }>;

/**
 * Decides for a repository that has a name at the destination. The name stays: what may differ is what stands there
 * under that name now.
 */
export function decideKnown(source: KnownSource, sourceIdentities: ReadonlySet<string>): Decision {
  const { world, state, identity } = source;
  const { byName, byIdentity, byMarker } = toDestinations(world);
  const found = byName.get(toNameKey(state.destination));
  if (found === undefined) {
    if (!world.destination.isWhole) return followUnseen(source, sourceIdentities);
    const elsewhere = byIdentity.get(state.destinationIdentity ?? '') ?? byMarker.get(identity)?.[0];
    // It was deleted over there: nothing can be overwritten by making it again.
    if (elsewhere === undefined) return { action: 'create', destination: state.destination };
    return renamedThere(state.destination, elsewhere);
  }
  if (sourceIdentities.has(found.identity)) return loop(found);
  const marker = parseMarker(found.description);
  if (marker !== undefined && marker.identity !== identity)
    return foreignMarker(found, `${marker.identity} ${marker.path}`.trimEnd());
  if (marker !== undefined || found.identity === state.destinationIdentity)
    return toFollow(source, found.identity);
  // Not the one that was mirrored to: somebody made another one under its name.
  return decideAdoption(found, identity, world, sourceIdentities);
}

/**
 * The destination was not listed, and what was there when the state was written counts. A name that was only planned is no
 * mirror yet: by now it may be somebody else's.
 */
function followUnseen(source: KnownSource, sourceIdentities: ReadonlySet<string>): Decision {
  const { destination: name, destinationIdentity: identity } = source.state;
  if (identity === undefined) return unlisted(name);
  if (sourceIdentities.has(identity)) return loop({ name, identity });
  return toFollow(source, identity);
}

function toFollow({ state, path }: KnownSource, destinationIdentity: string): Decision {
  return {
    action: 'follow',
    destination: state.destination,
    destinationIdentity,
    ...(path !== state.path && { renamedFrom: state.path }),
  };
}
