import type { MirrorError } from '../errors';
import type { RefListing } from '../git/listing';

/** The way to a server: what each kind of URL does differently. Disposing of it leaves nothing behind. */
export interface Transport extends AsyncDisposable {
  /** The whole environment of git. */
  readonly env: Readonly<Record<string, string>>;
  /** Fulfilled when the way is open. Throws MirrorError. */
  ready(): Promise<void>;
  /** A quicker way to list than `git ls-remote`, where there is one. Throws MirrorError. */
  list?(signal: AbortSignal): Promise<RefListing>;
  /** What only this way knows of a failure; undefined where git's words are all there is. */
  explain?(stderr: string): MirrorError | undefined;
}
