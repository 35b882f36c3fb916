import type { Job } from '../../mirror/job';
import type { RepositoryState } from '../state/repositoryState';
import type { Place } from './message';
import type { Problem } from './verdict';

/** What is to be mirrored, whether four parameters say it or a mirrors.yaml. */
export interface Catalogue {
  /** The places that a repository of CodeCommit belongs to. */
  findByRepository(repository: CodeCommitRepository): readonly Place[];
  /** How the sources are listed and looked at. */
  readonly mirrors: readonly CataloguedMirror[];
  /** Asks the source whether a repository that was not found is really deleted. Throws MirrorError. */
  isGone(place: Place): Promise<boolean>;
  /**
   * Makes the job of a place. With `fresh`, every secret is read again instead of from the cache. Throws MirrorError
   * where that may work the next time.
   */
  open(
    place: Place,
    how: { readonly known: RepositoryState | undefined; readonly fresh: boolean },
  ): Promise<Opening>;
}

/** A repository as an event of CodeCommit names it. */
export interface CodeCommitRepository {
  readonly region: string;
  readonly name: string;
  /** `repositoryId`, a UUID. */
  readonly id: string;
}

export interface CataloguedMirror {
  readonly name: string;
  /** Lists the source as a whole, or throws; a mirror without a listing is looked at by its events alone. */
  list(): AsyncIterable<readonly ListedPlace[]>;
  /** The places that changed last, first; as many pages as the caller reads. */
  listNewest(): AsyncIterable<readonly ListedPlace[]>;
}

export interface ListedPlace {
  readonly place: Place;
  /** What the host says of its last change: if this differs, something may have happened. */
  readonly hint: string | undefined;
}

/** What is to be done at a place. */
export type Opening =
  | {
      readonly kind: 'job';
      readonly job: Job;
      /** The size as the source says it. */
      readonly bytes: number | undefined;
      /** Differs when a secret was replaced; it tells nothing of the secret. */
      readonly logins: string;
      /** What the state keeps of this opening. */
      readonly found: Pick<RepositoryState, 'path' | 'destination' | 'destinationIdentity'>;
    }
  /** Deleted at the source. The mirror stays as it is. */
  | { readonly kind: 'gone' }
  /** Archived, or no longer among what is to be mirrored. The mirror stays as it is. */
  | { readonly kind: 'frozen' }
  /** A person must decide. */
  | { readonly kind: 'blocked'; readonly problem: Problem };
