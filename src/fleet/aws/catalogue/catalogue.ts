import type { MirrorError } from '../../../errors';
import type { Job } from '../../../mirror/job';
import type { RepositoryState } from '../../state/repositoryState';
import type { Place } from '../resources/message';

/** The sources whose events reach the intake. */
export interface EventSources {
  /** The places that a repository of CodeCommit belongs to. */
  findByRepository(repository: CodeCommitRepository): readonly Place[];
}

/** A repository as an event of CodeCommit names it. */
export interface CodeCommitRepository {
  readonly region: string;
  readonly name: string;
  /** `repositoryId`, a UUID. */
  readonly id: string;
}

/** What is to be mirrored, whether four parameters say it or a mirrors.yaml. */
export interface Catalogue {
  /** The names of the mirrors. */
  readonly mirrors: readonly string[];
  /**
   * Asks the sources what is new or has changed, and saves it in the states: that is due at once. Each source is listed
   * as a whole every six hours or with `isWhole`, and else its newest entries are read. A source that can't be listed
   * holds up no other: it is among the problems.
   */
  refresh(isWhole: boolean): Promise<readonly SourceProblem[]>;
  /** Asks the source whether a repository that was not found is really deleted. Throws MirrorError. */
  isGone(place: Place): Promise<boolean>;
  /** Makes the job of a place. With `fresh`, every secret is read again instead of from the cache. Throws MirrorError. */
  open(
    place: Place,
    how: { readonly known: RepositoryState | undefined; readonly fresh: boolean },
  ): Promise<Opening>;
}

/** Why the source or the destination of a mirror can't be listed. */
export interface SourceProblem {
  readonly mirror: string;
  readonly error: MirrorError;
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
  /** No listing has had it yet. */
  | { readonly kind: 'unlisted' }
  /** A person must decide. */
  | { readonly kind: 'blocked'; readonly problem: NonNullable<RepositoryState['problem']> };
