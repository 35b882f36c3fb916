import type { ErrorCode, MirrorError } from '../errors';
import { byName } from '../plan/plan';
import { isTag } from '../plan/refs';

/** The Git LFS objects in the history to push, and whether they were sent. */
export interface LfsOutcome {
  /** Each object counts once, even if several files refer to it. 0 if only attributes mention Git LFS. */
  readonly objects: number;
  readonly bytes: number;
  /** The paths of the first ones. */
  readonly paths: readonly string[];
  /** The objects are at the destination. */
  readonly sent: boolean;
}

const zeroCounts = {
  equal: 0,
  new: 0,
  'fast-forward': 0,
  forced: 0,
  deleted: 0,
  kept: 0,
  refused: 0,
  unverified: 0,
};

/** `unverified`: the update was sent, but the destination could not be listed afterwards. */
export type RefStatus = keyof typeof zeroCounts;

/** The result for one ref. `old` is the destination's value before the run, `new` the source's. */
export interface RefOutcome {
  readonly ref: string;
  readonly old: string | undefined;
  readonly new: string | undefined;
  readonly status: RefStatus;
  /** Object IDs that this run removed from the ref, or may have removed, oldest first. */
  readonly lost?: readonly string[];
  /** Set if the ref does not comply with the policy. */
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** A backup: it keeps the old value of another ref, only at the destination. */
  readonly backup?: true;
  /** Another writer changed the ref during the push; the next attempt lists both sides again. */
  readonly contested?: true;
}

/**
 * `mirrored`: every selected ref complies with the policy, as listed after the push. `already-equal`: the same, and
 * nothing was pushed. `gone`: the run's own ref no longer exists at the source.
 */
export type Verdict = 'mirrored' | 'already-equal' | 'planned' | 'gone' | 'not-mirrored';

/** The result of a run, for log, report and exit code. */
export interface Outcome {
  readonly verdict: Verdict;
  /** Backups first, then every selected ref of either side, sorted by name. */
  readonly refs: readonly RefOutcome[];
  readonly counts: Counts;
  readonly bytes: number;
  /** The source could not be reached, so only the run's own commit was mirrored. */
  readonly fallback: boolean;
  /** Git LFS in the history to push; undefined if there is none. */
  readonly lfs?: LfsOutcome | undefined;
  readonly failure?: MirrorError | undefined;
}

/** Numbers of refs. */
export interface Counts {
  /** Backups included. */
  readonly statuses: Readonly<Record<RefStatus, number>>;
  /** Refs changed at the destination. */
  readonly changed: number;
  /** Refs that do not comply with the policy. */
  readonly failed: number;
  /** Branches and tags of the source. */
  readonly branches: number;
  readonly tags: number;
}

export function countRefs(refs: readonly RefOutcome[]): Counts {
  const statuses = { ...zeroCounts };
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

/** Merges the refs of two attempts of one run: all changes of both, and every value that either removed. */
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

/** 0 only if every ref complies with the policy, or in a dry run would. */
export function toExitCode({ counts, failure }: Pick<Outcome, 'counts' | 'failure'>): number {
  return failure?.exitCode ?? (counts.failed > 0 ? 1 : 0);
}

/** Whether the ref was changed at the destination. */
export function isChange({ status }: RefOutcome): boolean {
  return status === 'new' || status === 'fast-forward' || status === 'forced' || status === 'deleted';
}

/** Whether the run changed the ref, or may have removed a value from it. */
function hasEffect(outcome: RefOutcome): boolean {
  return isChange(outcome) || outcome.lost !== undefined;
}
