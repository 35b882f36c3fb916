import type { MirrorConfiguration } from '../configuration/configuration';
import type { HostRepository } from '../hosts/repository';
import type { RepositoryState } from '../state/repositoryState';
import type { Conflict } from './conflicts';
import type { Listing } from './listing';

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
  /**
   * Repositories that the account of the destination may have, and has; undefined where there is no such limit. `raise`
   * says what a person does to have more, as the beginning of a sentence.
   */
  readonly quota?: { readonly allowed: number; readonly used: number; readonly raise: string } | undefined;
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
      readonly destinationIdentity: string;
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
