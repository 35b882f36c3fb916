import * as z from 'zod';
import { lanes } from '../schedule/lanes';

/** Milliseconds since 1970, UTC. */
const time = z.number().int().nonnegative();

/**
 * What is known of one repository of one mirror. It holds no secret and nothing of what the repository contains; texts
 * of errors are those that the log showed.
 */
export const repositoryStateSchema = z.object({
  /** `name` of mirrors.yaml. */
  mirror: z.string(),
  /** `<authority>#<id>` of the source repository: it stays when that is renamed. */
  identity: z.string(),
  /** `owner/name` at the source, as last seen. */
  path: z.string(),
  /** What it was called before, the newest last, at most `pathsAtMost`. */
  formerPaths: z.array(z.string()),
  /** The name of its mirror: assigned once, and never changed by itself. */
  destination: z.string().optional(),
  /** The identity of the repository of that name, once it was seen. */
  destinationIdentity: z.string().optional(),
  /**
   * `new` never mirrored · `equal` both sides had the same refs at `verifiedAt` · `behind` the source has changed ·
   * `failing` the last run failed and is tried again · `blocked` a person must decide · `empty` the source has no refs ·
   * `frozen` archived or moved away · `gone` deleted at the source.
   */
  state: z.enum(['new', 'equal', 'behind', 'failing', 'blocked', 'empty', 'frozen', 'gone']),
  /** When it was first listed, by an engine that counts from then until it is first verified. */
  seenAt: time.optional(),
  /** When both sides were last seen equal. */
  verifiedAt: time.optional(),
  /** When a look last found a change at the source. */
  changedAt: time.optional(),
  /** When the refs of the source were last read. */
  lookedAt: time.optional(),
  /** When to look next. */
  dueAt: time.optional(),
  /** Runs that failed in a row. */
  failures: z.number().int().nonnegative(),
  /** By a person. */
  isPaused: z.boolean(),
  /** What the host's listing said of its last change: if this differs, something may have happened. */
  hint: z.string().optional(),
  /** Branches and tags of the source when it was last read. */
  refs: z.number().int().nonnegative().optional(),
  /** Why it fails or is blocked. */
  problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
});

export type RepositoryState = Readonly<z.output<typeof repositoryStateSchema>>;

export const pathsAtMost = 10;

/** One run of a repository, small: fifty of them are kept for each. */
export const runSchema = z.object({
  startedAt: time,
  /** Milliseconds. */
  took: z.number().int().nonnegative(),
  trigger: z.enum(lanes),
  /** `mirrored` something was pushed · `equal` there was nothing to do. */
  outcome: z.enum(['mirrored', 'equal', 'failed', 'stopped']),
  /** Refs that were created, updated or deleted. */
  changes: z.number().int().nonnegative(),
  /** The code of the error. */
  code: z.string().optional(),
  /** The name of its log, where one is kept. */
  log: z.string().optional(),
});

export type RunRecord = Readonly<z.output<typeof runSchema>>;

export const runsAtMost = 50;

/** What is known of one mirror of mirrors.yaml as a whole. */
export const mirrorStateSchema = z.object({
  mirror: z.string(),
  /** The last listing that was whole. */
  listedAt: time.optional(),
  /** How many repositories it had. */
  listed: z.number().int().nonnegative().optional(),
  /** Why the source as a whole can't be read, such as a token that expired. */
  problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
});

export type MirrorState = Readonly<z.output<typeof mirrorStateSchema>>;

/** A repository that was seen for the first time. */
export function toNewState(mirror: string, identity: string, path: string): RepositoryState {
  return { mirror, identity, path, formerPaths: [], state: 'new', failures: 0, isPaused: false };
}

/** The state under the path that the repository has now; the paths that it had are kept. */
export function withPath(state: RepositoryState, path: string): RepositoryState {
  if (state.path === path) return state;
  return { ...state, path, formerPaths: [...state.formerPaths, state.path].slice(-pathsAtMost) };
}
