import { version } from '../../package.json';
import { type MirrorError, toErrorText } from '../errors';
import type { Job } from '../mirror/job';
import { mirror } from '../mirror/mirror';
import { type InsightsPlace, putInsights } from '../report/codeInsights';
import { writeReportFile } from '../report/file';
import { toJsonReport } from '../report/json';
import { type Outcome, toExitCode } from '../report/outcome';
import { withRemedies, withRemedy } from '../report/remedies';
import { logError, logOutcome } from '../report/text';
import { reportUnwritable } from './errors';
import { openSession, type Session, type Surroundings } from './session';

/** What an entry passes on from the process. */
export interface Program extends Surroundings {
  readonly readOrder: () => Promise<Order>;
  /** Secrets to mask before the order is read. */
  readonly secrets: readonly string[];
  /** The resources used by this process, without its children (process.resourceUsage). */
  readonly readUsage: () => Usage;
}

/** A job, and how to report it. */
export interface Order {
  /** Throws MirrorError if there is nothing to mirror. */
  readonly toJob: () => Job;
  readonly title: string;
  /** For the report; without secrets. */
  readonly source: string | undefined;
  readonly destination: string;
  readonly clone: string;
  readonly reportFile: string | undefined;
  /** The commit on Bitbucket that gets a report, too. */
  readonly insights?: InsightsPlace | undefined;
  readonly timeoutMilliseconds: number;
  readonly secrets: readonly string[];
}

/** Times in microseconds, memory in KiB. */
interface Usage {
  readonly userCPUTime: number;
  readonly systemCPUTime: number;
  readonly maxRSS: number;
}

/** How a run ended, before it is reported. */
interface Ending {
  readonly outcome?: Outcome | undefined;
  readonly error?: MirrorError | undefined;
  readonly order?: Order | undefined;
}

/** Runs one mirror as a program: logs, writes the report, returns the exit code. Never throws. */
export async function runProgram(program: Program): Promise<number> {
  using session = openSession(program, program.secrets);
  const { log, stopwatch, startedAt } = session.context;
  const { outcome, error, order } = await runMirror(program, session);
  const timings = stopwatch.read();
  log.debug(toProfile(timings, program.readUsage(), outcome?.bytes ?? 0));
  if (outcome !== undefined) logOutcome(outcome, timings['total'] ?? 0, log);
  if (error !== undefined) logError(error, log);
  const exitCode = outcome === undefined ? (error?.exitCode ?? 1) : toExitCode(outcome);
  await tellBitbucket({ outcome, error, order }, exitCode, program, session);
  if (order?.reportFile === undefined) return exitCode;
  const report = toJsonReport({
    toolVersion: version,
    startedAt,
    exitCode,
    timings,
    source: order.source,
    destination: order.destination,
    outcome,
    error,
    clean: session.clean,
  });
  const failure = await writeReport(order.reportFile, order.clone, report);
  if (failure !== undefined) logError(withRemedy(failure, program.remedies), log);
  return failure === undefined ? exitCode : exitCode || failure.exitCode;
}

/** The time of a run, stage by stage. */
function toProfile(timings: Readonly<Record<string, number>>, usage: Usage, bytes: number): string {
  const stages = Object.entries(timings).map(([stage, seconds]) => `${stage} ${seconds.toFixed(3)} s`);
  const cpu = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  const own = `own CPU time ${cpu.toFixed(3)} s, own peak memory ${(usage.maxRSS / 1024).toFixed(0)} MiB`;
  return `Profile: ${stages.join(', ')}; ${own}; ${bytes} bytes sent.`;
}

async function runMirror({ readOrder, remedies }: Program, session: Session): Promise<Ending> {
  const { context } = session;
  let order: Order | undefined;
  try {
    order = await readOrder();
    context.log.conceal(order.secrets);
    session.limit(order.timeoutMilliseconds);
    context.log.info(`codecommit-mirror ${version}: ${order.title}`);
    return { outcome: withRemedies(await mirror(order.toJob(), context), remedies), order };
  } catch (error) {
    return { error: session.explain(error), order };
  }
}

/** Puts the report on the commit, unless the run was stopped from outside. A failure is only a warning. */
async function tellBitbucket(
  { outcome, error, order }: Ending,
  exitCode: number,
  { env, signal }: Program,
  { clean, context }: Session,
): Promise<void> {
  if (order?.insights === undefined || signal.aborted) return;
  const { destination, insights } = order;
  const seconds = context.stopwatch.read()['total'] ?? 0;
  try {
    await putInsights(insights, { outcome, error, exitCode, seconds, destination, clean }, { env, signal });
  } catch (failure) {
    context.log.warn(
      `The report is not on the commit (CODE_INSIGHTS): ${toErrorText(failure)}. The mirror is not affected.`,
    );
  }
}

async function writeReport(
  file: string,
  clone: string,
  report: Iterable<string>,
): Promise<MirrorError | undefined> {
  try {
    await writeReportFile(file, clone, report);
    return undefined;
  } catch (error) {
    return reportUnwritable(file, error);
  }
}
