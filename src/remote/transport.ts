import type { MirrorError } from '../errors';
import type { Git } from '../git/git';
import type { RefListing } from '../git/listing';
import type { Packer } from './pushing/packer';
import type { PushSession } from './pushing/pushSession';

/** The way to a server: what each kind of URL does differently. Disposing of it leaves nothing behind. */
export interface Transport extends AsyncDisposable {
  /** The whole environment of git. */
  readonly env: Readonly<Record<string, string>>;
  /** Waits for what must be there before git starts. Throws MirrorError. */
  ready?(): Promise<void>;
  /** A quicker way to list than `git ls-remote`, where there is one. Throws MirrorError. */
  list?(signal: AbortSignal): Promise<RefListing>;
  /** Called before a push: `list` will be needed after it. */
  prepareList?(): void;
  /** Opens the server's git-receive-pack, for pushes from the repository of this runner. Throws MirrorError. */
  openPush(by: PushOpening): Promise<PushSession>;
  /** What only this way knows of a failure; undefined where git's words are all there is. */
  explain?(stderr: string): MirrorError | undefined;
}

export interface PushOpening {
  readonly git: Git;
  readonly packer: Packer;
  /** Ends the opening. */
  readonly signal: AbortSignal;
  readonly describeFailure: (stderr: string) => MirrorError;
}
