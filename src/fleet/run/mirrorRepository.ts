import { hasCode, type MirrorError } from '../../errors';
import { mirror as runMirror } from '../../mirror/mirror';
import type { Outcome } from '../../report/outcome';
import type { Context, Log } from '../../system/context';
import { toFailure } from '../../system/errors';
import type { RepositoryState, RunRecord } from '../state/repositoryState';
import { updateRepository } from '../state/update';
import type { Fleet } from './fleet';
import { openJob } from './openJob';
import type { Runnable } from './prepareDestination';

/** How the run of one repository ended. */
export interface RepositoryRun {
  readonly planned: Runnable;
  readonly run: RunRecord;
  /** URLs without logins; the destination's once it was known. */
  readonly source: string;
  readonly destination: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly error: MirrorError | undefined;
}

/** What one run of one repository works with. */
export interface RunContext {
  readonly fleet: Fleet;
  readonly trigger: RunRecord['trigger'];
  /** Gets what the core says of this repository. */
  readonly log: Log;
  /** Its name, where it is kept. */
  readonly logName?: string;
  /** Ends this run, beside the signal of the fleet. */
  readonly signal?: AbortSignal;
  /** How long the run may go on when the fleet is asked to stop; default: not at all. */
  readonly graceMilliseconds?: number;
}

/** Mirrors one repository, and saves what came of it. Never throws for the repository's own sake. */
export async function mirrorRepository(planned: Runnable, run: RunContext): Promise<RepositoryRun> {
  const { fleet, trigger } = run;
  const startedAt = Date.now();
  using limited = limit(run, fleet.mirrorNamed(planned.mirror).timeoutMinutes);
  const { context } = limited;
  let [outcome, error, destination]: [Outcome?, MirrorError?, string?] = [];
  try {
    const opened = await openJob(fleet, planned);
    destination = opened.destination.url;
    outcome = await runMirror(opened.job, context);
  } catch (thrown) {
    error = toFailure(thrown, context);
  }
  const failure = error ?? outcome?.failure;
  const record = {
    startedAt,
    took: Date.now() - startedAt,
    trigger,
    ...toResult(outcome, failure),
    ...(run.logName !== undefined && { log: run.logName }),
  };
  await save(fleet, planned, { run: record, outcome, failure });
  return { planned, run: record, source: planned.repository.url, destination, outcome, error };
}

/** The run's own time limit and log. */
function limit(
  { fleet, log, signal: stop, graceMilliseconds = 0 }: RunContext,
  minutes: number,
): { readonly context: Context } & Disposable {
  const ending = new AbortController();
  const timers = [setTimeout(() => ending.abort('TIMEOUT'), minutes * 60_000)];
  const whole = fleet.context.signal;
  const leave = () => timers.push(setTimeout(() => ending.abort(whole.reason), graceMilliseconds));
  if (whole.aborted) leave();
  else whole.addEventListener('abort', leave, { once: true });
  const signal = stop === undefined ? ending.signal : AbortSignal.any([stop, ending.signal]);
  return {
    context: { ...fleet.context, log, signal, startedAt: new Date() },
    [Symbol.dispose]() {
      whole.removeEventListener('abort', leave);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

function toResult(outcome: Outcome | undefined, failure: MirrorError | undefined) {
  const changes = outcome?.counts.changed ?? 0;
  const code = failure?.code ?? outcome?.refs.find((ref) => ref.code !== undefined)?.code;
  if (code === 'stopped') return { outcome: 'stopped', changes, code } as const;
  if (code === 'source-empty') return { outcome: 'equal', changes } as const;
  if (code !== undefined) return { outcome: 'failed', changes, code } as const;
  return { outcome: changes > 0 ? 'mirrored' : 'equal', changes } as const;
}

/** The token of one side is refused: that is no failure of the repository. */
export function isRefused({ error }: Pick<RepositoryRun, 'error'>): boolean {
  return hasCode(error, ['fleet-token-refused']);
}

/** A repository without a branch has nothing to mirror: that is no failure of a fleet. */
export function isEmptySource(failure: MirrorError | undefined): boolean {
  return hasCode(failure, ['source-empty']);
}

interface Ended {
  readonly run: RunRecord;
  readonly outcome: Outcome | undefined;
  readonly failure: MirrorError | undefined;
}

async function save(
  { store }: Fleet,
  { mirror, identity, repository }: Runnable,
  ended: Ended,
): Promise<void> {
  const runChange = { kind: 'runs', mirror, identity, runs: [ended.run] } as const;
  await updateRepository(store, { mirror, identity }, (before) => {
    if (before === undefined) return [];
    return [{ kind: 'repository', state: toState(before, ended, repository.isArchived) }, runChange];
  });
}

function toState(
  known: RepositoryState,
  { run, outcome, failure }: Ended,
  isArchived: boolean,
): RepositoryState {
  const { problem: _solved, ...before } = known;
  const now = run.startedAt + run.took;
  const { branches = 0, tags = 0 } = outcome?.counts ?? {};
  const seen = {
    ...before,
    lookedAt: now,
    ...(outcome !== undefined && { refs: branches + tags }),
    ...(run.changes > 0 && { changedAt: now }),
  };
  switch (run.outcome) {
    case 'stopped':
      return known;
    case 'mirrored':
    case 'equal':
      if (isEmptySource(failure)) return { ...seen, state: 'empty', refs: 0, failures: 0 };
      // It was archived before this run, and changes no more.
      return { ...seen, state: isArchived ? 'frozen' : 'equal', verifiedAt: now, failures: 0 };
    case 'failed':
      // All repositories of the mirror are as before; when the token is accepted again, they go on at once.
      if (hasCode(failure, ['fleet-token-refused'])) return known;
      return {
        ...seen,
        state: 'failing',
        failures: before.failures + 1,
        problem: toProblem(outcome, failure),
      };
  }
}

function toProblem(outcome: Outcome | undefined, failure: MirrorError | undefined) {
  if (failure !== undefined) {
    const { code, message, remedy } = failure;
    return { code, message, remedy };
  }
  const declined = outcome?.refs.filter(({ code }) => code !== undefined) ?? [];
  const [first] = declined;
  const others = declined.length > 1 ? ` (and ${declined.length - 1} more refs)` : '';
  return {
    code: first?.code ?? 'internal',
    message: `${first?.ref}: ${first?.reason ?? first?.status}${others}`,
    remedy: 'The report of this repository has every ref with its reason.',
  };
}
