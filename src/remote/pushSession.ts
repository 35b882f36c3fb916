import type { RefListing } from '../git/listing';
import type { RefPush } from '../plan/plan';
import type { RefMap } from '../plan/refs';

/** A server that has listed its refs and waits for a push: what it listed is what the push is held to. */
export interface PushSession {
  /** Branches and tags: full ref name → object ID. */
  readonly refs: RefMap;
  /** False when the server is gone. */
  isOpen(): boolean;
  /**
   * Pushes these updates, whose `old` values are those of `refs`; each is a compare-and-swap. Once a session. Throws
   * MirrorError when the server falls silent, the run is stopped, or the objects can't be read.
   */
  push(updates: readonly RefPush[], onStderr: (text: string) => void): Promise<PushAnswer>;
  /** After the push: what the server lists to readers now, where that is quicker here. Undefined where it is not to be had. */
  refsAfterwards?(signal: AbortSignal): Promise<RefListing | undefined>;
  end(): void;
}

/** What the server made of a push. */
export interface PushAnswer {
  readonly answers: readonly RefAnswer[];
  /** The server has told what became of the push, refused or not; false where the connection broke or it gave up. */
  readonly isWhole: boolean;
  /** What git and the server (`remote: …`) said of it, as `git push` writes it. */
  readonly stderr: string;
  /** Of the objects that were sent. */
  readonly bytes: number;
}

/** What the server made of one ref of a push. */
export interface RefAnswer {
  readonly ref: string;
  readonly done: boolean;
  /** git's or the server's short reason, for a ref that was not done. */
  readonly reason: string;
}

/** git's reason where the server lists another value than the one that an update is held to. */
export const staleReason = 'stale info';
