import type { MirrorConfiguration } from './configuration/configuration';
import type { Conflict } from './conflicts';
import { toPlace } from './fleetMirror';
import type { HostRepository } from './hosts/host';
import type { Listing } from './listing';
import { refuseDoubles, refuseOverQuota } from './planGuards';
import { decideKnown } from './planKnown';
import { type NewSource, planNew } from './planNew';
import { classify, findMirrorsOfOurs, type SourceDecision } from './planSources';
import type { RepositoryState } from './state/repositoryState';

/** What the plan is made of, for one mirror of mirrors.yaml. */
export interface MirrorWorld {
  readonly mirror: MirrorConfiguration;
  readonly source: Listing;
  /** What a direct look-up said of repositories that are known and not listed; `gone` for a 404. */
  readonly lookedUp: ReadonlyMap<string, HostRepository | 'gone'>;
  /** What is at the destination. */
  readonly destination: Listing;
  /** Of repositories at the destination, by their identity: whether they have no refs at all. */
  readonly isEmpty: ReadonlyMap<string, boolean>;
  /** Repositories that the account of the destination may have, and has; undefined where there is no such limit. */
  readonly quota?: { readonly allowed: number; readonly used: number } | undefined;
  /** The state of this mirror's repositories. */
  readonly known: readonly RepositoryState[];
}

/** Why a repository is left out, as mirrors.yaml or its own description says. */
export type ExcludedBecause = 'match' | 'exclude' | 'archived' | 'fork' | 'mirror' | 'deletion-scheduled';

export type Decision =
  /** Nothing of that name is there: it is made, private, with our marker. */
  | { readonly action: 'create'; readonly destination: string }
  /** What is there is taken over; it gets our marker before the first push. */
  | {
      readonly action: 'adopt';
      readonly by: 'marker' | 'empty' | 'name';
      readonly destination: string;
      readonly destinationIdentity: string;
    }
  /** It has its mirror. `renamedFrom`: it had another path at the source. */
  | {
      readonly action: 'follow';
      readonly destination: string;
      readonly destinationIdentity?: string;
      readonly renamedFrom?: string;
    }
  | {
      readonly action: 'excluded';
      readonly because: ExcludedBecause;
      /** The pattern, or whose mirror it is. */
      readonly detail: string;
      /** The mirror that it has from before; it stays as it is. */
      readonly destination?: string;
    }
  | Conflict
  /** Not listed by a whole listing: a direct look-up must say more. */
  | { readonly action: 'gone-candidate'; readonly destination?: string }
  /** Deleted at the source. Its mirror stays as it is. */
  | { readonly action: 'gone'; readonly destination?: string }
  /** It changes no more, or is elsewhere. Its mirror stays as it is. */
  | {
      readonly action: 'frozen';
      readonly because: 'archived' | 'deletion-scheduled' | 'moved';
      readonly destination: string;
    };

export type PlannedRepository = {
  readonly mirror: string;
  readonly place: string;
  /** Of the source. */
  readonly identity: string;
  readonly path: string;
  /** As listed; undefined for one that is not. */
  readonly repository?: HostRepository;
} & Decision;

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
