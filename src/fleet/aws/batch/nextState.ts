import type { Outcome } from '../../../report/outcome';
import { type RepositoryState, type RunRecord, toNewState, withPath } from '../../state/repositoryState';
import type { Opening } from '../catalogue/catalogue';
import { type Message, type Place, toDigest } from '../resources/message';
import type { Verdict } from './verdict';

/** A run that has ended. Times are in milliseconds since 1970. */
interface EndedRun {
  readonly place: Place;
  readonly begin: number;
  readonly end: number;
  readonly reason: Message['reason'];
}

const hour = 3_600_000;

/** Hours until the next look that nobody asks for, by the state. */
const looks: Readonly<Record<RepositoryState['state'], number>> = {
  new: 1,
  equal: 24,
  behind: 6,
  failing: 6,
  blocked: 6,
  empty: 24,
  frozen: 24 * 7,
  gone: 24 * 7,
};

/** What is known of a place after a run. `found` is what the opening of the place has brought. */
export function toNextState(
  known: RepositoryState | undefined,
  verdict: Verdict,
  run: EndedRun,
  found: Extract<Opening, { kind: 'job' }>['found'] | undefined,
): RepositoryState {
  const { mirror, identity, path } = run.place;
  const before = known ?? toNewState(mirror, identity, path);
  const state = toStateName(verdict);
  const { problem: _problem, ...rest } = {
    ...withPath(before, found?.path ?? path),
    ...withoutUndefined(found),
  };
  const outcome = 'outcome' in verdict ? verdict.outcome : undefined;
  const isEqual = verdict.kind === 'equal';
  return {
    ...rest,
    state,
    failures: verdict.kind === 'failed' || verdict.kind === 'blocked' ? before.failures + 1 : 0,
    lookedAt: run.begin,
    dueAt: isEarly(run, verdict) ? run.end : run.end + toPause(looks[state], identity),
    ...(isEqual && { verifiedAt: run.end }),
    ...(outcome !== undefined && outcome.counts.changed > 0 && { changedAt: run.begin }),
    ...(outcome !== undefined && { refs: outcome.counts.branches + outcome.counts.tags }),
    ...('problem' in verdict && { problem: verdict.problem }),
  };
}

/** The git of a host may not have yet what its webhook tells of: the next schedule looks once more. */
function isEarly({ reason }: EndedRun, verdict: Verdict): boolean {
  return reason === 'webhook' && verdict.kind === 'equal' && verdict.outcome.counts.changed === 0;
}

/** Milliseconds: between three quarters of these hours and all of them, always the same for one repository. */
function toPause(hours: number, identity: string): number {
  const part = Number.parseInt(toDigest([identity]).slice(0, 4), 16) / 0xffff;
  return Math.round(hours * hour * (0.75 + part / 4));
}

function toStateName(verdict: Verdict): RepositoryState['state'] {
  switch (verdict.kind) {
    case 'failed':
      return 'failing';
    case 'unfinished':
    case 'too-large':
      return 'behind';
    default:
      return verdict.kind;
  }
}

function withoutUndefined(found: object | undefined): object {
  return Object.fromEntries(Object.entries(found ?? {}).filter(([, value]) => value !== undefined));
}

/** One run as it is kept. */
export function toRunRecord(verdict: Verdict, { begin, end, reason }: EndedRun): RunRecord {
  const outcome: Outcome | undefined = 'outcome' in verdict ? verdict.outcome : undefined;
  const changes = outcome?.counts.changed ?? 0;
  return {
    startedAt: begin,
    took: end - begin,
    trigger: triggers[reason],
    outcome: toRunOutcome(verdict, changes),
    changes,
    ...('problem' in verdict && { code: verdict.problem.code }),
  };
}

const triggers: Readonly<Record<Message['reason'], RunRecord['trigger']>> = {
  event: 'webhook',
  webhook: 'webhook',
  due: 'due',
  asked: 'asked',
  continued: 'due',
  built: 'due',
};

function toRunOutcome({ kind }: Verdict, changes: number): RunRecord['outcome'] {
  if (kind === 'failed' || kind === 'blocked') return 'failed';
  if (kind === 'unfinished' || kind === 'too-large') return 'stopped';
  return changes > 0 ? 'mirrored' : 'equal';
}
