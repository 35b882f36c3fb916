import type { ErrorCode, MirrorError } from '../errors';
import { byName } from '../plan/plan';
import { isTag } from '../plan/refs';

/** What the history that was to be sent has of Git LFS, and what became of it. */
export interface LfsOutcome {
  /** Each counts once, however many files stand for it. 0 where attributes alone tell of Git LFS. */
  readonly objects: number;
  readonly bytes: number;
  /** The first files that stand for them. */
  readonly paths: readonly string[];
  /** The objects are at the destination. */
  readonly sent: boolean;
}

/** `unverified`: the update was sent, and the destination could not be read afterwards. */
export type RefStatus =
  | 'equal'
  | 'new'
  | 'fast-forward'
  | 'forced'
  | 'deleted'
  | 'kept'
  | 'refused'
  | 'unverified';

/** What became of one ref. `old` is the destination's value before the run, `new` the source's. */
export interface RefOutcome {
  readonly ref: string;
  readonly old: string | undefined;
  readonly new: string | undefined;
  readonly status: RefStatus;
  /** Object IDs that this run took away from the ref, or may have taken away, in that order. */
  readonly lost?: readonly string[];
  /** Set when the ref is not what the policy wants it to be. */
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** It keeps the old value of another ref, at the destination alone. */
  readonly backup?: true;
  /** Somebody else changed the ref during the push: the next attempt looks again. */
  readonly contested?: true;
}

/**
 * `mirrored`: every selected ref is what the policy wants, and this was seen after the push. `already-equal`: the
 * same, and nothing was pushed. `gone`: the run's own ref is no longer at the source.
 */
export type Verdict = 'mirrored' | 'already-equal' | 'planned' | 'gone' | 'not-mirrored';

/** What a run came to, for the log, the report and the exit code. */
export interface Outcome {
  readonly verdict: Verdict;
  /** Backups first, then every selected ref of either side, sorted by name. */
  readonly refs: readonly RefOutcome[];
  readonly counts: Counts;
  readonly bytes: number;
  /** The source could not be reached: this is about the run's own commit. */
  readonly fallback: boolean;
  /** What the history to be sent has of Git LFS; undefined when nothing. */
  readonly lfs?: LfsOutcome | undefined;
  readonly failure?: MirrorError | undefined;
}

/** How many refs came to what. */
export interface Counts {
  /** Backups included. */
  readonly statuses: Readonly<Record<RefStatus, number>>;
  /** Refs that were changed at the destination. */
  readonly changed: number;
  /** Refs that are not what the policy wants them to be. */
  readonly failed: number;
  /** Branches and tags of the source. */
  readonly branches: number;
  readonly tags: number;
}

export function countRefs(refs: readonly RefOutcome[]): Counts {
  const statuses = {
    equal: 0,
    new: 0,
    'fast-forward': 0,
    forced: 0,
    deleted: 0,
    kept: 0,
    refused: 0,
    unverified: 0,
  };
  let [changed, failed, branches, tags] = [0, 0, 0, 0];
  for (const outcome of refs) {
    statuses[outcome.status]++;
    if (isChange(outcome)) changed++;
    if (outcome.code !== undefined) failed++;
    if (outcome.new === undefined || outcome.backup) continue;
    if (isTag(outcome.ref)) tags++;
    else branches++;
  }
  return { statuses, changed, failed, branches, tags };
}

export function toVerdict({ failed, changed }: Counts): Verdict {
  if (failed > 0) return 'not-mirrored';
  return changed > 0 ? 'mirrored' : 'already-equal';
}

/** The refs of two attempts of one run: all that either changed, with every value that either took away. */
export function mergeOutcomes(
  first: readonly RefOutcome[],
  second: readonly RefOutcome[],
): readonly RefOutcome[] {
  const earlier = new Map(first.filter(hasEffect).map((outcome) => [outcome.ref, outcome]));
  if (earlier.size === 0) return second;
  const merged = second.map((now) => {
    const before = earlier.get(now.ref);
    earlier.delete(now.ref);
    return before === undefined ? now : mergeOutcome(before, now);
  });
  const all = [...earlier.values(), ...merged];
  const isBackup = ({ backup }: RefOutcome) => backup === true;
  return [...all.filter(isBackup), ...all.filter((outcome) => !isBackup(outcome)).sort(byName)];
}

function mergeOutcome(before: RefOutcome, now: RefOutcome): RefOutcome {
  if (now.status === 'equal' && isChange(before)) return before;
  const lost = [...(before.lost ?? []), ...(now.lost ?? [])];
  const both = { ...now, old: before.old, ...(lost.length > 0 && { lost }) };
  return isChange(now) ? { ...both, status: toStatus(both) } : both;
}

function toStatus({ old, new: value, lost = [] }: RefOutcome): RefStatus {
  if (value === undefined) return 'deleted';
  if (lost.length > 0) return 'forced';
  return old === undefined ? 'new' : 'fast-forward';
}

/** 0 only when every ref is, or in a dry run would be, what the policy wants it to be. */
export function toExitCode({ counts, failure }: Pick<Outcome, 'counts' | 'failure'>): number {
  return failure?.exitCode ?? (counts.failed > 0 ? 1 : 0);
}

/** Whether the ref was changed at the destination. */
export function isChange({ status }: RefOutcome): boolean {
  return status === 'new' || status === 'fast-forward' || status === 'forced' || status === 'deleted';
}

/** Whether the run changed the ref, or may have taken a value away from it. */
function hasEffect(outcome: RefOutcome): boolean {
  return isChange(outcome) || outcome.lost !== undefined;
}
