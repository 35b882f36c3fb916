import type { RefListing } from '../../git/listing';
import type { RefPush } from '../../plan/plan';
import type { RefMap } from '../../plan/refs';

/** A server that has listed its refs and waits for a push, which is compared with that listing. */
export interface PushSession {
  /** Branches and tags: full ref name → object ID. */
  readonly refs: RefMap;
  /** False if the server has closed the connection. */
  isOpen(): boolean;
  /** Begins to pack what these updates send, where that can be done ahead of `push`. */
  prepare?(updates: readonly RefPush[]): void;
  /**
   * Pushes these updates, whose `old` values are those of `refs`; each is a compare-and-swap. Once per session. Throws
   * MirrorError if the server stalls, the run is stopped, or the objects can't be read.
   */
  push(updates: readonly RefPush[], onStderr: (text: string) => void): Promise<PushAnswer>;
  /** The refs after the push, as the server lists them to readers, if this session can ask. Undefined if that fails. */
  refsAfterwards?(signal: AbortSignal): Promise<RefListing | undefined>;
  end(): void;
}

/** The server's answer to a push. */
export interface PushAnswer {
  readonly answers: readonly RefAnswer[];
  /** Whether the answer is complete, accepted or not. False if the connection broke or the server gave up. */
  readonly isWhole: boolean;
  /** The output of git and of the server (`remote: …`), as `git push` writes it. */
  readonly stderr: string;
  /** Of the objects that were sent. */
  readonly bytes: number;
}

/** The server's answer for one ref of a push. */
export interface RefAnswer {
  readonly ref: string;
  readonly done: boolean;
  /** git's or the server's short reason, for a ref that was not done. */
  readonly reason: string;
}

/** git's reason if the server lists another value than the one that the update expects. */
export const staleReason = 'stale info';

/** The most that a server may answer to a push, in bytes: a line for each of 4,000 refs, and the output of its hooks. */
export const answerBytes = 16 * 2 ** 20;
