import type { Decision, MirrorWorld, PlannedRepository } from './decision';
import { toPlace } from './fleetMirror';
import { refuseDoubles, refuseOverQuota } from './guards';
import { decideKnown } from './known';
import { type NewSource, planNew } from './new';
import { classify, findMirrorsOfOurs, type SourceDecision } from './sources';

/**
 * Decides for each source repository of all mirrors what is to be done. Pure: nothing is read or changed. A decision
 * to create, adopt or follow means that its destination is ours, or nobody's, and that no other source goes there.
 */
export function planFleet(worlds: readonly MirrorWorld[]): readonly PlannedRepository[] {
  const ours = findMirrorsOfOurs(worlds);
  const sources = worlds.flatMap((world) => classify(world, ours));
  const sourceIdentities = new Set(
    sources.flatMap((each) =>
      each.kind === 'decided' && each.decision.action === 'excluded' ? [] : each.identity,
    ),
  );
  const decideFresh = planNew(sources, worlds, sourceIdentities);
  const planned = sources.map((source): PlannedRepository => {
    const { world, identity, path, repository } = source;
    const base = { mirror: world.mirror.name, place: toPlace(world.mirror.to), identity, path };
    const decision = decideOne(source, sourceIdentities, decideFresh);
    return { ...base, ...(repository && { repository }), ...decision };
  });
  return refuseOverQuota(refuseDoubles(planned), worlds);
}

function decideOne(
  source: SourceDecision,
  sourceIdentities: ReadonlySet<string>,
  decideFresh: (source: NewSource) => Decision,
): Decision {
  switch (source.kind) {
    case 'decided':
      return source.decision;
    case 'known':
      return decideKnown(source, sourceIdentities);
    case 'new':
      return decideFresh(source);
  }
}

/** The repositories that a direct look-up must say more of, before the plan is made again. */
export function toLookUp(plan: readonly PlannedRepository[]): readonly PlannedRepository[] {
  return plan.filter(({ action }) => action === 'gone-candidate');
}

/** The identities of the destination's repositories that must be looked into, before the plan is made again. */
export function toLookInto(plan: readonly PlannedRepository[]): readonly string[] {
  return plan.flatMap((each) =>
    each.action === 'conflict' && each.because === 'unseen' && each.destinationIdentity !== undefined
      ? [each.destinationIdentity]
      : [],
  );
}
