import type { Policy } from '../plan/plan';
import type { Profile } from '../plan/profiles';
import type { Selection } from '../plan/refs';
import type { RemoteSettings } from '../remote/settings';

/** One mirror to make, whoever asks for it: plain data, but for keys and tokens. */
export interface Job {
  readonly source: RemoteSettings;
  readonly destination: RemoteSettings;
  /** A folder in a clone of the source, whose objects spare a download. The clone is neither changed nor trusted. */
  readonly clone?: string | undefined;
  readonly selection: Selection;
  readonly policy: JobPolicy;
  readonly limits: Limits;
  readonly trigger?: Trigger | undefined;
}

/** How far the mirror may go. */
export interface JobPolicy extends Policy {
  /** What is replaced or deleted is kept as a branch. */
  readonly backup: boolean;
  /** What to do when the history names files that are kept in Git LFS. */
  readonly lfs: 'warn' | 'push' | 'fail';
  /** Plan, and push nothing. */
  readonly dryRun: boolean;
}

export interface Limits {
  /** What the destination takes. */
  readonly profile: Profile;
  /** Bytes that one push may carry; more goes in slices. */
  readonly pushBytes: number;
  /** How many times in a row a transient failure is retried. */
  readonly attempts: number;
}

/** The event that the run was started for: the selected ref may be gone from the source since then. */
export interface Trigger {
  /** What the ref pointed at, 7 to 64 hexadecimal digits: the run goes on with it where the source can't be asked. */
  readonly commit: string | undefined;
}
