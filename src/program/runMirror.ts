import { version } from '../../package.json';
import { type MirrorError, toErrorText } from '../errors';
import type { Job } from '../mirror/job';
import type { RemoteSettings } from '../remote/settings';
import { type InsightsPlace, putInsights } from '../report/codeInsights';
import { writeReportFile } from '../report/file';
import { toJsonReport } from '../report/json';
import { withRemedy } from '../report/remedies';
import { type Result, toCommonExitCode } from '../report/result';
import { logError, logSummary } from '../report/text';
import { reportUnwritable } from './errors';
import { runJobs } from './runJobs';
import { openSession, type Session, type Surroundings } from './session';

/** What an entry passes on from the process. */
export interface Program extends Surroundings {
  readonly readOrder: () => Promise<Order>;
  /** Secrets to mask before the order is read. */
  readonly secrets: readonly string[];
  /** The resources used by this process, without its children (process.resourceUsage). */
  readonly readUsage: () => Usage;
}

/** A job for each destination, and how to report them. */
export interface Order {
  /** Throws MirrorError if there is nothing to mirror. */
  readonly toJobs: () => readonly Job[];
  readonly title: string;
  /** For the report; without secrets. */
  readonly source: string | undefined;
  readonly destinations: readonly Pick<RemoteSettings, 'name' | 'url'>[];
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
  readonly order?: Order | undefined;
  /** One for each destination; none if the order can't be read. */
  readonly results: readonly Result[];
  /** Ended the run before any mirror began. */
  readonly error?: MirrorError | undefined;
}

/** Runs one mirror as a program, or several: logs, writes the report, returns the exit code. Never throws. */
export async function runProgram(program: Program): Promise<number> {
  using session = openSession(program, program.secrets);
  const { log, stopwatch, startedAt } = session.context;
  const { order, results, error } = await runOrder(program, session);
  if (error !== undefined) logError(error, log);
  if (order === undefined) return error?.exitCode ?? 1;
  const seconds = stopwatch.read()['total'] ?? 0;
  log.debug(toProfile(results, program.readUsage()));
  if (results.length > 1) logSummary(results, seconds, log);
  const exitCode = toCommonExitCode(results);
  await tellBitbucket(order, results, program, session);
  if (order.reportFile === undefined) return exitCode;
  const { source, clone, reportFile } = order;
  const { clean } = session;
  const report = toJsonReport({ toolVersion: version, startedAt, seconds, source, results, clean });
  const failure = await writeReport(reportFile, clone, report);
  if (failure !== undefined) logError(withRemedy(failure, program.remedies), log);
  return failure === undefined ? exitCode : exitCode || failure.exitCode;
}

/** The time of each mirror, stage by stage. */
function toProfile(results: readonly Result[], usage: Usage): string {
  const mirrors = results.map(({ name, outcome, seconds }) => {
    const stages = Object.entries(seconds).map(([stage, value]) => `${stage} ${value.toFixed(3)} s`);
    const label = results.length > 1 ? `${name}: ` : '';
    return `${label}${stages.join(', ')}; ${outcome?.bytes ?? 0} bytes sent`;
  });
  const cpu = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  const own = `own CPU time ${cpu.toFixed(3)} s, own peak memory ${(usage.maxRSS / 1024).toFixed(0)} MiB`;
  return `Profile: ${[...mirrors, own].join('; ')}.`;
}

async function runOrder({ readOrder, remedies }: Program, session: Session): Promise<Ending> {
  const { context } = session;
  let order: Order | undefined;
  try {
    order = await readOrder();
    context.log.conceal(order.secrets);
    session.limit(order.timeoutMilliseconds);
    context.log.info(`codecommit-mirror ${version}: ${order.title}`);
    return { order, results: await runJobs(order.toJobs(), session, remedies) };
  } catch (thrown) {
    const error = session.explain(thrown);
    const seconds = context.stopwatch.read();
    const results = order?.destinations.map(({ name, url }) => ({ name, destination: url, error, seconds }));
    return { order, results: results ?? [], error };
  }
}

/** Puts the report on the commit, unless the run was stopped from outside. A failure is only a warning. */
async function tellBitbucket(
  { insights }: Order,
  results: readonly Result[],
  { env, signal }: Program,
  { clean, context }: Session,
): Promise<void> {
  if (insights === undefined || signal.aborted) return;
  const seconds = context.stopwatch.read()['total'] ?? 0;
  try {
    await putInsights(insights, { results, seconds, clean }, { env, signal });
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
