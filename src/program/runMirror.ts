import { version } from '../../package.json';
import { type MirrorError, toErrorText } from '../errors';
import { noClone } from '../mirror/errors';
import type { Job } from '../mirror/job';
import type { RemoteSettings } from '../remote/settings';
import type { InsightsPlace } from '../report/codeInsights';
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
  /** Throws SettingsError with every fault. */
  readonly readSettings: () => Promise<Order>;
  /** Secrets to mask before the order is read. */
  readonly secrets: readonly string[];
  /** The resources used by this process, without its children (process.resourceUsage). */
  readonly readUsage: () => Usage;
}

/** A job for each destination, and how to report them. */
export interface Order extends Pick<Job, 'selection' | 'policy' | 'trigger'> {
  /** Undefined if nothing names one. */
  readonly source: RemoteSettings | undefined;
  readonly destinations: readonly Pick<
    Job,
    'destination' | 'limits' | 'setDefaultBranch' | 'toDefaultBranchAdvice'
  >[];
  /** The folder of the clone. */
  readonly clone: string;
  readonly timeoutMilliseconds: number;
  /** Absolute. */
  readonly reportFile: string | undefined;
  /** The commit on Bitbucket that gets a report, too. */
  readonly insights: InsightsPlace | undefined;
  /** Every text that must never be printed. */
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
  const parts = {
    toolVersion: version,
    startedAt,
    seconds,
    source: source?.url,
    results,
    clean: session.clean,
  };
  try {
    await writeReportFile(reportFile, clone, toJsonReport(parts));
    return exitCode;
  } catch (cause) {
    const failure = reportUnwritable(reportFile, cause);
    logError(withRemedy(failure, program.remedies), log);
    return exitCode || failure.exitCode;
  }
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

/** Throws MirrorError `no-clone` if there is no source. */
function toJobs({ source, clone, destinations, selection, policy, trigger }: Order): readonly Job[] {
  if (source === undefined) throw noClone(clone);
  return destinations.map((own) => ({ ...own, source, clone, selection, policy, trigger }));
}

function toTitle({ selection, source, clone, destinations }: Order): string {
  const what = selection.refs === 'all' ? 'all branches and tags' : selection.ref;
  const names = destinations.map(({ destination }) => destination.name);
  return `${what} of ${source?.url ?? clone} → ${names.join(', ')}`;
}

async function runOrder({ readSettings, remedies }: Program, session: Session): Promise<Ending> {
  const { context } = session;
  let order: Order | undefined;
  try {
    order = await readSettings();
    context.log.conceal(order.secrets);
    session.limit(order.timeoutMilliseconds);
    context.log.info(`codecommit-mirror ${version}: ${toTitle(order)}`);
    return { order, results: await runJobs(toJobs(order), session, remedies) };
  } catch (thrown) {
    const error = session.explain(thrown);
    const seconds = context.stopwatch.read();
    const results = order?.destinations.map(({ destination: { name, url } }) => {
      return { name, destination: url, error, seconds };
    });
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
    // Loaded only here: it brings an HTTP client, which most runs do not need.
    const { putInsights } = await import('../report/codeInsights');
    await putInsights(insights, { results, seconds, clean }, { env, signal });
  } catch (failure) {
    context.log.warn(
      `The report is not on the commit (CODE_INSIGHTS): ${toErrorText(failure)}. The mirror is not affected.`,
    );
  }
}
