import type { MirrorState, RepositoryState, RunRecord } from './repositoryState';

/** One thing that has changed. A state replaces the one that was there. */
export type StateChange =
  | { readonly kind: 'repository'; readonly state: RepositoryState }
  /** They are added to those that are known, the newest last. */
  | {
      readonly kind: 'runs';
      readonly mirror: string;
      readonly identity: string;
      readonly runs: readonly RunRecord[];
    }
  | { readonly kind: 'mirror'; readonly state: MirrorState }
  /** A repository that is of no interest any more, with its runs. */
  | { readonly kind: 'forget'; readonly mirror: string; readonly identity: string };

/**
 * What a fleet remembers. All of it can be found again from both sides, but for the history of runs. One process writes
 * at a time. It holds no secret and nothing of what the repositories contain.
 */
export interface FleetStore extends AsyncDisposable {
  readRepositories(mirror: string): Promise<readonly RepositoryState[]>;
  readRepository(mirror: string, identity: string): Promise<RepositoryState | undefined>;
  /** The last runs, the newest last, at most `runsAtMost`. */
  readRuns(mirror: string, identity: string): Promise<readonly RunRecord[]>;
  readMirror(mirror: string): Promise<MirrorState | undefined>;
  /**
   * Saves all the changes or none. Once it is resolved they survive the end of the process and of the machine; reads see
   * them from then on. Throws MirrorError `fleet-state-unwritable` or `fleet-state-locked`.
   */
  write(changes: readonly StateChange[]): Promise<void>;
  /**
   * Where several processes write: reads the state of one repository and writes what `change` makes of it, again when
   * another process wrote it in between. Use `updateRepository`.
   */
  readonly update?: ((key: RepositoryKey, change: RepositoryChange) => Promise<void>) | undefined;
}

export type RepositoryKey = Pick<RepositoryState, 'mirror' | 'identity'>;

export type RepositoryChange = (known: RepositoryState | undefined) => readonly StateChange[];
