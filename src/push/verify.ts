import type { ErrorCode, MirrorError } from '../errors';
import type { Plan, RefUpdate } from '../plan/plan';
import { toShortName } from '../plan/refs';
import type { RefMap } from '../refTable';
import { type LfsOutcome, toGreaterLfs } from './lfs';
import type { RefResult } from './porcelain';
import { nothingPushed, type Pushed } from './push';

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

const doneStatus = {
  create: 'new',
  'fast-forward': 'fast-forward',
  force: 'forced',
  delete: 'deleted',
  backup: 'new',
} as const;

/**
 * `mirrored`: every selected ref is what the policy wants, and this was seen after the push. `already-equal`: the
 * same, and nothing was pushed. `gone`: the run's own ref is no longer at the source.
 */
export type Verdict = 'mirrored' | 'already-equal' | 'planned' | 'gone' | 'not-mirrored';

/** What a run came to, for the log, the report and the exit code. */
export interface Outcome {
  readonly verdict: Verdict;
  readonly source: string;
  readonly destination: string;
  /** Every selected ref of either side, in the order of names. */
  readonly refs: readonly RefOutcome[];
  readonly bytes: number;
  /** The source could not be asked: this is about the run's own commit. */
  readonly fallback: boolean;
  /** What the history that was to be sent has of Git LFS; undefined when nothing. */
  readonly lfs?: LfsOutcome | undefined;
  readonly failure?: MirrorError;
}

/**
 * Holds the plan against what the destination has now. What the server said of a ref is its reason, never the
 * proof: only a value that is there counts as done.
 */
export function judgeOutcomes(plan: Plan, pushed: Pushed, after: Pick<RefMap, 'get'>): RefOutcome[] {
  const said = new Map(pushed.results.map((result) => [result.ref, result]));
  const updated = plan.updates.map((update) =>
    judge(update, after.get(update.ref), said.get(update.ref), pushed.failure),
  );
  return toOrdered([...judgeEqual(plan, after), ...updated]);
}

/** The plan as if all of it had happened: what a dry run shows. */
export function toPlannedOutcomes(plan: Plan): RefOutcome[] {
  const after = new Map(
    plan.updates.map(({ action, ref, old, new: wanted }) => [ref, action === 'keep' ? old : wanted]),
  );
  return judgeOutcomes(plan, nothingPushed, over(plan.equal, after));
}

/** The plan with nothing of it done, for what stood in its way before the first push. */
export function toFailedOutcomes(plan: Plan, failure: MirrorError): RefOutcome[] {
  const present = new Map(plan.updates.map(({ ref, old }) => [ref, old]));
  return judgeOutcomes(plan, { ...nothingPushed, failure }, over(plan.equal, present));
}

function over(equal: RefMap, updated: ReadonlyMap<string, string | undefined>): Pick<RefMap, 'get'> {
  return { get: (ref) => updated.get(ref) ?? equal.get(ref) };
}

export function toVerdict(refs: readonly RefOutcome[]): Verdict {
  if (refs.some((outcome) => outcome.code !== undefined)) return 'not-mirrored';
  return refs.some(isChange) ? 'mirrored' : 'already-equal';
}

/** Two attempts of one run as one outcome: what the first one changed stays told, with the value it replaced. */
export function addOutcome(first: Outcome | undefined, second: Outcome): Outcome {
  if (first === undefined) return second;
  const refs = new Map(second.refs.map((outcome) => [outcome.ref, outcome]));
  for (const change of first.refs.filter(isChange)) {
    const now = refs.get(change.ref);
    if (now === undefined || now.status === 'equal') refs.set(change.ref, change);
    else refs.set(change.ref, { ...now, old: change.old });
  }
  const merged = toOrdered([...refs.values()]);
  const verdict = second.verdict === 'already-equal' ? toVerdict(merged) : second.verdict;
  const lfs = toGreaterLfs(first.lfs, second.lfs);
  return { ...second, verdict, refs: merged, bytes: first.bytes + second.bytes, lfs };
}

/** 0 only when every ref is, or in a dry run would be, what the policy wants it to be. */
export function toExitCode({ refs, failure }: Outcome): number {
  return failure !== undefined || refs.some((ref) => ref.code !== undefined) ? 1 : 0;
}

/** Whether the ref was changed at the destination. */
export function isChange({ status }: RefOutcome): boolean {
  return status === 'new' || status === 'fast-forward' || status === 'forced' || status === 'deleted';
}

function toOrdered(outcomes: RefOutcome[]): RefOutcome[] {
  return outcomes.sort((a, b) => (a.ref < b.ref ? -1 : 1));
}

function judgeEqual(plan: Plan, after: Pick<RefMap, 'get'>): RefOutcome[] {
  return Array.from(plan.equal, ([ref, oid]) => {
    if (after.get(ref) === oid) return { ref, old: oid, new: oid, status: 'equal' };
    return { ref, old: oid, new: oid, status: 'refused', ...toContest(after.get(ref)) };
  });
}

function judge(
  update: RefUpdate,
  now: string | undefined,
  result: RefResult | undefined,
  failure: MirrorError | undefined,
): RefOutcome {
  const { ref, old, new: wanted } = update;
  if (update.action === 'keep') return { ref, old, new: wanted, status: 'kept', ...toKeptReason(update) };
  if (now === wanted) return { ref, old, new: wanted, status: doneStatus[update.action], ...toNote(update) };
  const refused = { ref, old, new: wanted, status: 'refused' } as const;
  if (now !== old) return { ...refused, ...toContest(now) };
  if (result?.done)
    return { ...refused, code: 'not-equal', reason: 'the server said that it did this, and did not' };
  if (result === undefined && failure !== undefined)
    return { ...refused, code: failure.code, reason: 'not pushed: the run failed before its turn' };
  return {
    ...refused,
    code: 'ref-declined',
    reason: `declined: ${result?.reason ?? 'the server gave no answer'}`,
    ...(result?.reason === lockedReason && { contested: true }),
  };
}

/** What git's receive-pack says when another git holds the ref's lock, as the one of a push that was cut off may. */
const lockedReason = 'failed to update ref';

/** A backup is told by what it keeps. */
function toNote(update: RefUpdate): Pick<RefOutcome, 'backup' | 'reason'> {
  if (update.action !== 'backup') return {};
  return { backup: true, reason: `keeps what ${toShortName(update.of)} was` };
}

function toContest(now: string | undefined) {
  const reason = `somebody else ${now === undefined ? 'deleted it' : `set it to ${now}`} meanwhile; a mirror has one writer`;
  return { code: 'lease-broken', reason, contested: true } as const;
}

function toKeptReason({
  ref,
  because,
  detail,
}: Extract<RefUpdate, { action: 'keep' }>): Pick<RefOutcome, 'code' | 'reason'> {
  const more = detail === undefined ? '' : `: ${detail}`;
  switch (because) {
    case 'diverged':
      return {
        code: 'ref-diverged',
        reason: ref.startsWith('refs/tags/')
          ? 'the tag was moved at one of the sides; FORCE: true replaces it'
          : 'the destination has commits that the source has not; FORCE: true replaces them',
      };
    case 'default-branch':
      return {
        code: 'default-branch-kept',
        reason: 'the default branch of the destination is not deleted; make another one the default first',
      };
    case 'not-pruned':
      return { reason: 'only at the destination; PRUNE: true deletes it' };
    case 'unsendable':
      return { code: 'limit-exceeded', reason: `CodeCommit does not take it${more}` };
    case 'unwritable':
      return { code: 'ref-declined', reason: `git can't push it${more}` };
    case 'backup-failed':
      return { code: 'backup-failed', reason: `left as it is, as its backup came to nothing${more}` };
  }
}
