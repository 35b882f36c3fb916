import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { version } from '../../../package.json';
import type { Session } from '../../program/session';
import { toJsonReport } from '../../report/json';
import { createLog } from '../../report/log';
import { logError } from '../../report/text';
import type { Log } from '../../system/context';
import { toStopError } from '../../system/errors';
import { toDeclined } from '../run/declined';
import type { Fleet } from '../run/fleet';
import { mirrorAll } from '../run/mirrorAll';
import { isEmptySource, type RepositoryRun } from '../run/mirrorRepository';
import { isRunnable, type Runnable } from '../run/prepareDestination';
import { readPlan } from '../run/readPlan';
import { acceptListing, savePlan } from '../run/savePlan';
import { selectNamed } from '../run/selectNamed';
import { isUnsettled, tellProblems, toReason } from './describePlan';
import { toFleetReport } from './fleetReport';

export interface MirrorOptions {
  /** Mirrors and repositories; all of them where there is none. */
  readonly names: readonly string[];
  readonly reportFolder: string | undefined;
  /** A listing that has shrunk is believed, of all mirrors or of those that are named. */
  readonly acceptsListing: boolean;
}

/** Mirrors all repositories, or those named, and tells of each in a line. Gives the exit code. */
export async function mirrorFleet(
  fleet: Fleet,
  { names, reportFolder, acceptsListing }: MirrorOptions,
  session: Session,
): Promise<number> {
  const { log, signal } = fleet.context;
  if (reportFolder !== undefined) await mkdir(reportFolder, { recursive: true });
  const { mirrors } = fleet.configuration;
  for (const { name } of mirrors)
    if (acceptsListing && (names.length === 0 || names.includes(name))) await acceptListing(fleet, name);
  const plan = await readPlan(fleet, mirrors);
  // A run saves what becomes of the others.
  await savePlan(
    fleet,
    plan,
    plan.repositories.filter((planned) => !isRunnable(planned)),
  );
  tellProblems(plan.problems, log);
  const chosen = selectNamed(plan.repositories, names, mirrors);
  const unsettled = chosen.filter(isUnsettled);
  for (const planned of unsettled) {
    const remedy = planned.action === 'conflict' ? `\n  ${planned.remedy}` : '';
    log.failure(`${planned.mirror}: ${planned.path}: ${toReason(planned) ?? planned.action}${remedy}`);
  }
  const progress = createProgress(chosen.filter(isRunnable).length, log);
  const { runs, notBegun } = await mirrorAll(fleet, chosen, {
    began: progress.began,
    async ended(run) {
      progress.ended(run);
      if (reportFolder !== undefined) await writeReport(reportFolder, run, session);
    },
    openLog: () => silentLog(log),
  });
  if (reportFolder !== undefined)
    await writeFile(join(reportFolder, 'fleet.json'), session.clean(toFleetReport(plan, chosen, runs)));
  if (signal.aborted) {
    log.warn(`${notBegun.length} repositories were not begun.`);
    const stopped = toStopError(signal.reason);
    logError(stopped, log);
    return stopped.exitCode;
  }
  if (notBegun.length > 0)
    log.failure(
      `${notBegun.length} more repositories were not begun, as the token of their mirror is refused.`,
    );
  const failed = runs.filter(isFailed).length + unsettled.length;
  tellVerdict(runs, failed, plan.problems.length, log);
  return failed + plan.problems.length > 0 ? 1 : 0;
}

function isFailed({ run }: RepositoryRun): boolean {
  return run.outcome === 'failed' || run.outcome === 'stopped';
}

/** What the core says of one repository is in its report; only its debug lines belong in the log of a fleet. */
function silentLog(log: Log): Log {
  const nothing = createLog({
    stream: { write: () => true },
    colour: false,
    debug: false,
    cleaner: { conceal: log.conceal, clean: (text) => text },
    now: () => 0,
  });
  return { ...nothing, debug: log.debug, conceal: log.conceal };
}

function createProgress(total: number, log: Log) {
  let [ended, running, failed] = [0, 0, 0];
  const tell = () =>
    log.progress(
      `${ended} of ${total} repositories, ${running} running${failed > 0 ? `, ${failed} failed` : ''}`,
    );
  return {
    began(_planned: Runnable) {
      running++;
      tell();
    },
    ended(run: RepositoryRun) {
      running--;
      ended++;
      if (isFailed(run)) failed++;
      tellRun(run, log);
      tell();
    },
  };
}

/** One line a repository; a failure has a second one with what to do. */
function tellRun(ended: RepositoryRun, log: Log): void {
  const { planned, run, outcome, error } = ended;
  const name = `${planned.mirror}: ${planned.path} → ${planned.destination}`;
  const seconds = `(${(run.took / 1_000).toFixed(1)} s)`;
  const failure = error ?? outcome?.failure;
  if (isEmptySource(failure)) log.skip(`${name}: the source is empty ${seconds}`);
  else if (failure !== undefined)
    log.failure(`${name}: ${failure.message} ${seconds}\n  ${failure.remedy} [${failure.code}]`);
  else if (isFailed(ended)) log.failure(`${name}: ${toDeclined(outcome) ?? run.outcome} ${seconds}`);
  else log.success(`${name}: ${toResult(ended)} ${seconds}`);
}

function toResult({ run, outcome }: RepositoryRun): string {
  const { branches = 0, tags = 0 } = outcome?.counts ?? {};
  const what = run.changes === 0 ? 'equal' : `${run.changes} ${run.changes === 1 ? 'ref' : 'refs'} changed`;
  return `${what}; ${branches} ${branches === 1 ? 'branch' : 'branches'}, ${tags} ${tags === 1 ? 'tag' : 'tags'}`;
}

function tellVerdict(runs: readonly RepositoryRun[], failed: number, problems: number, log: Log): void {
  const good = runs.filter((run) => !isFailed(run));
  const changed = good.filter(({ run }) => run.changes > 0).length;
  const equal = `${good.length} ${good.length === 1 ? 'repository is' : 'repositories are'} equal at source and destination; ${changed} changed`;
  const sources = problems === 0 ? '' : ` ${problems} could not be listed.`;
  if (failed + problems === 0) log.success(`${equal}.`);
  else log.failure(`${failed} not mirrored.${sources} ${equal}.`);
}

async function writeReport(folder: string, run: RepositoryRun, { clean }: Session): Promise<void> {
  const { planned, outcome, error, source, destination, run: record } = run;
  const seconds = { total: record.took / 1_000 };
  const report = toJsonReport({
    toolVersion: version,
    startedAt: new Date(record.startedAt),
    seconds: seconds.total,
    source,
    results: [{ name: planned.destination, destination, outcome, error, seconds }],
    clean,
  });
  const own = join(folder, planned.mirror);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, `${planned.destination}.json`), report);
}
