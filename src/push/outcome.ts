import type { ErrorCode, MirrorError } from '../errors';
import { isTag } from '../plan/refs';
import { pairUp, Sequence } from '../sequence';
import { type LfsOutcome, toGreaterLfs } from './lfs';

export type RefStatus = 'equal' | 'new' | 'fast-forward' | 'forced' | 'deleted' | 'kept' | 'refused';

/** What became of one ref. `old` is the destination's value before, `new` the source's. */
export interface RefOutcome {
  readonly ref: string;
  readonly old: string | undefined;
  readonly new: string | undefined;
  readonly status: RefStatus;
  /** Set when the ref is not what the policy wants it to be. */
  readonly code?: ErrorCode;
  readonly reason?: string;
  /** It keeps what another ref was, at the destination alone. */
  readonly backup?: true;
  /** Somebody else changed the ref while we pushed: worth another look. */
  readonly contested?: true;
}

/** What became of the refs. All is worked out anew each time it is read: there may be more than memory should hold. */
export interface RefOutcomes {
  /** What keeps, at the destination alone, what other refs were. */
  readonly backups: Sequence<RefOutcome>;
  /** Every selected ref of either side, in the order of names. */
  readonly refs: Sequence<RefOutcome>;
}

/**
 * `mirrored`: every selected ref is what the policy wants, and this was seen after the push. `already-equal`: the
 * same, and nothing was pushed. `gone`: the run's own ref is no longer at the source.
 */
export type Verdict = 'mirrored' | 'already-equal' | 'planned' | 'gone' | 'not-mirrored';

/** What a run came to, for the log, the report and the exit code. */
export interface Outcome extends RefOutcomes {
  readonly verdict: Verdict;
  readonly counts: Counts;
  readonly source: string;
  readonly destination: string;
  readonly bytes: number;
  /** The source could not be asked: this is about the run's own commit. */
  readonly fallback: boolean;
  /** What the history that was to be sent has of Git LFS; undefined when nothing. */
  readonly lfs?: LfsOutcome | undefined;
  readonly failure?: MirrorError;
}

/** How many refs came to what. */
export interface Counts {
  /** Backups included. */
  readonly statuses: Readonly<Record<RefStatus, number>>;
  /** Refs that were changed at the destination. */
  readonly changed: number;
  /** Refs that are not what the policy wants them to be. */
  readonly failed: number;
  readonly contested: number;
  /** What the source has. */
  readonly branches: number;
  readonly tags: number;
}

export const noOutcomes: RefOutcomes = { backups: new Sequence(() => []), refs: new Sequence(() => []) };

/** The backups, and then every selected ref. */
export function toAllRefs({ backups, refs }: RefOutcomes): Sequence<RefOutcome> {
  return backups.concat(refs);
}

export function countRefs(outcomes: RefOutcomes): Counts {
  const statuses = { equal: 0, new: 0, 'fast-forward': 0, forced: 0, deleted: 0, kept: 0, refused: 0 };
  let [changed, failed, contested, branches, tags] = [0, 0, 0, 0, 0];
  for (const outcome of toAllRefs(outcomes)) {
    statuses[outcome.status]++;
    if (isChange(outcome)) changed++;
    if (outcome.code !== undefined) failed++;
    if (outcome.contested) contested++;
    if (outcome.new === undefined || outcome.backup) continue;
    if (isTag(outcome.ref)) tags++;
    else branches++;
  }
  return { statuses, changed, failed, contested, branches, tags };
}

export function toVerdict({ failed, changed }: Counts): Verdict {
  if (failed > 0) return 'not-mirrored';
  return changed > 0 ? 'mirrored' : 'already-equal';
}

/** Two attempts of one run as one outcome: what the first one changed stays told, with the value it replaced. */
export function addOutcome(first: Outcome | undefined, second: Outcome): Outcome {
  if (first === undefined) return second;
  const transfers = { bytes: first.bytes + second.bytes, lfs: toGreaterLfs(first.lfs, second.lfs) };
  if (first.counts.changed === 0) return { ...second, ...transfers };
  const backups = first.backups.filter(isChange).concat(second.backups);
  const refs = new Sequence(() => addChanges(first.refs.filter(isChange), second.refs));
  const counts = countRefs({ backups, refs });
  const verdict = second.verdict === 'already-equal' ? toVerdict(counts) : second.verdict;
  return { ...second, ...transfers, verdict, counts, backups, refs };
}

function* addChanges(changes: Iterable<RefOutcome>, refs: Iterable<RefOutcome>): Generator<RefOutcome> {
  for (const [change, now] of pairUp(changes, refs)) {
    if (change === undefined) yield now;
    else if (now === undefined || now.status === 'equal') yield change;
    else yield { ...now, old: change.old };
  }
}

/** 0 only when every ref is, or in a dry run would be, what the policy wants it to be. */
export function toExitCode({ counts, failure }: Outcome): number {
  return failure !== undefined || counts.failed > 0 ? 1 : 0;
}

/** Whether the ref was changed at the destination. */
export function isChange({ status }: RefOutcome): boolean {
  return status === 'new' || status === 'fast-forward' || status === 'forced' || status === 'deleted';
}
