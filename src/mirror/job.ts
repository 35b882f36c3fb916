import type { Policy } from '../plan/plan';
import type { Profile } from '../plan/profiles';
import type { Selection } from '../plan/refs';
import type { RemoteSettings } from '../remote/settings';
import type { Context } from '../system/context';

/** One mirror to make. Plain data except for keys, tokens and functions; pipe, command line and fleet all make one. */
export interface Job {
  readonly source: RemoteSettings;
  readonly destination: RemoteSettings;
  /** A folder in a clone of the source, used as a cache of objects. The clone is neither changed nor trusted. */
  readonly clone?: string | undefined;
  readonly selection: Selection;
  readonly policy: JobPolicy;
  readonly limits: Limits;
  readonly trigger?: Trigger | undefined;
  /**
   * Called when what is to be pushed is here, and before anything is pushed. Throws MirrorError where the URL of the source
   * has led to another repository meanwhile.
   */
  readonly confirmSource?: (() => Promise<void>) | undefined;
  /** Where git alone can't do it: makes a branch the default of the destination. */
  readonly setDefaultBranch?: DefaultBranchSetter | undefined;
  /** Where that is missing: what the user can do to make a branch the default, given its short name. */
  readonly toDefaultBranchAdvice?: ((branch: string) => string) | undefined;
}

/** Takes the short name of a branch that the destination has. Throws MirrorError. */
export type DefaultBranchSetter = (branch: string, context: Context) => Promise<void>;

/** What the mirror may change, and how. */
export interface JobPolicy extends Policy {
  /** Keep replaced and deleted values as branches. */
  readonly backup: boolean;
  /** What to do about files in Git LFS. */
  readonly lfs: 'warn' | 'push' | 'fail';
  /** Plan only; push nothing. */
  readonly dryRun: boolean;
}

export interface Limits {
  /** The limits of the destination's server. */
  readonly profile: Profile;
  /** Bytes in one push; a larger history is sent in slices. */
  readonly pushBytes: number;
  /** How many times in a row a transient failure is retried. */
  readonly attempts: number;
}

/** The event that started the run. The selected ref may have been deleted from the source since then. */
export interface Trigger {
  /** The commit of the event, 7 to 64 hexadecimal digits. The run falls back to it if the source can't be reached. */
  readonly commit: string | undefined;
}
