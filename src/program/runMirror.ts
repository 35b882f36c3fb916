import { version } from '../../package.json';
import type { MirrorError } from '../errors';
import type { Job } from '../mirror/job';
import { mirror } from '../mirror/mirror';
import { writeReportFile } from '../report/file';
import { toJsonReport } from '../report/json';
import { createCleaner, createLog, isColourSeen } from '../report/log';
import { type Outcome, toExitCode } from '../report/outcome';
import { createStopwatch } from '../report/stopwatch';
import { logError, logOutcome } from '../report/text';
import type { Context } from '../system/context';
import { toMirrorError, toStopError } from '../system/errors';
import { reportUnwritable } from './errors';

/** What an entry takes from the process and hands down. */
export interface Program {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: {
    write(text: string): unknown;
    on(event: 'error', listener: () => void): unknown;
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
  /** Where failures go; default: standard output. */
  readonly stderr?: Program['stdout'] | undefined;
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
  readonly readOrder: () => Promise<Order>;
  /** What must not be printed, even before the order is read. */
  readonly secrets: readonly string[];
  /** What this process has used so far, without the programs that it started (process.resourceUsage). */
  readonly readUsage: () => Usage;
}

/** A job, and how to tell of it. */
export interface Order {
  /** Throws MirrorError where there is nothing to mirror. */
  readonly toJob: () => Job;
  readonly title: string;
  /** For the report; without secrets. */
  readonly source: string | undefined;
  readonly destination: string;
  readonly clone: string;
  readonly reportFile: string | undefined;
  readonly timeoutMilliseconds: number;
  readonly secrets: readonly string[];
}

/** Times in microseconds, memory in KiB. */
interface Usage {
  readonly userCPUTime: number;
  readonly systemCPUTime: number;
  readonly maxRSS: number;
}

/** How a run ended, before it is told. */
interface Ending {
  readonly outcome?: Outcome;
  readonly error?: MirrorError;
  readonly order?: Order | undefined;
}

/** Runs one mirror as a program does: tells what happens, writes the report, gives the exit code. Never throws. */
export async function runProgram(program: Program): Promise<number> {
  const { env, stdout, signal } = program;
  // Whoever read the log is gone (`| head`): no reason to leave a mirror half done.
  stdout.on('error', () => undefined);
  const cleaner = createCleaner();
  cleaner.conceal(program.secrets);
  // Not Date.now: a clock that is set meanwhile must not change how long a run took.
  const now = () => performance.now();
  const options = { colour: isColourSeen(env, stdout.isTTY === true), debug: env['DEBUG'] === 'true' };
  const log = createLog({ stream: stdout, failures: program.stderr, ...options, cleaner, now });
  const stopwatch = createStopwatch(now);
  const startedAt = new Date();

  const context = { env, log, signal, stopwatch, startedAt };
  const { outcome, error, order } = await runMirror(program, context, cleaner.conceal);
  const timings = stopwatch.read();
  log.debug(toProfile(timings, program.readUsage(), outcome?.bytes ?? 0, stopwatch.connections()));
  if (outcome !== undefined) logOutcome(outcome, timings['total'] ?? 0, log);
  if (error !== undefined) logError(error, log);
  const exitCode = outcome === undefined ? (error?.exitCode ?? 1) : toExitCode(outcome);
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
    clean: cleaner.clean,
  });
  const failure = await writeReport(order.reportFile, order.clone, report);
  if (failure !== undefined) logError(failure, log);
  return failure === undefined ? exitCode : exitCode || failure.exitCode;
}

/** Where the time of a run went. */
function toProfile(
  timings: Readonly<Record<string, number>>,
  usage: Usage,
  bytes: number,
  connections: number,
): string {
  const stages = Object.entries(timings).map(([stage, seconds]) => `${stage} ${seconds.toFixed(3)} s`);
  const cpu = (usage.userCPUTime + usage.systemCPUTime) / 1e6;
  const own = `own CPU time ${cpu.toFixed(3)} s, own peak memory ${(usage.maxRSS / 1024).toFixed(0)} MiB`;
  const sent = `${connections} SSH ${connections === 1 ? 'connection' : 'connections'}, ${bytes} bytes sent`;
  return `Profile: ${stages.join(', ')}; ${own}; ${sent}.`;
}

async function runMirror(
  { readOrder }: Program,
  context: Context,
  conceal: (secrets: readonly string[]) => void,
): Promise<Ending> {
  let order: Order | undefined;
  const limit = new AbortController();
  const signal = AbortSignal.any([context.signal, limit.signal]);
  let timer: NodeJS.Timeout | undefined;
  try {
    order = await readOrder();
    conceal(order.secrets);
    timer = setTimeout(() => limit.abort('TIMEOUT'), order.timeoutMilliseconds);
    context.log.info(`codecommit-mirror ${version}: ${order.title}`);
    return { outcome: await mirror(order.toJob(), { ...context, signal }), order };
  } catch (error) {
    context.log.debug(error instanceof Error ? String(error.stack) : String(error));
    return { error: signal.aborted ? toStopError(signal.reason) : toMirrorError(error), order };
  } finally {
    clearTimeout(timer);
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
