import { version } from '../../package.json';
import type { MirrorError } from '../errors';
import { type Home, mirror } from '../mirror/mirror';
import { findSecrets } from '../pipe/secrets';
import type { Settings } from '../pipe/settings';
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
  readonly readSettings: () => Promise<Settings>;
  readonly home: Home;
  /** What this process has used so far, without the programs that it started (process.resourceUsage). */
  readonly readUsage: () => Usage;
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
  readonly settings?: Settings | undefined;
}

/** Runs one mirror as a program does: tells what happens, writes the report, gives the exit code. Never throws. */
export async function runProgram(program: Program): Promise<number> {
  const { env, stdout, signal } = program;
  // Whoever read the log is gone (`| head`): no reason to leave a mirror half done.
  stdout.on('error', () => undefined);
  const cleaner = createCleaner();
  cleaner.conceal(findSecrets(env));
  // Not Date.now: a clock that is set meanwhile must not change how long a run took.
  const now = () => performance.now();
  const options = { colour: isColourSeen(env, stdout.isTTY === true), debug: env['DEBUG'] === 'true' };
  const log = createLog({ stream: stdout, failures: program.stderr, ...options, cleaner, now });
  const stopwatch = createStopwatch(now);
  const startedAt = new Date();

  const context = { env, log, signal, stopwatch, startedAt };
  const { outcome, error, settings } = await runMirror(program, context, cleaner.conceal);
  const timings = stopwatch.read();
  log.debug(toProfile(timings, program.readUsage(), outcome?.bytes ?? 0, stopwatch.connections()));
  if (outcome !== undefined) logOutcome(outcome, timings['total'] ?? 0, log);
  if (error !== undefined) logError(error, log);
  const exitCode = outcome === undefined ? (error?.exitCode ?? 1) : toExitCode(outcome);
  if (settings?.reportFile === undefined) return exitCode;
  const report = toJsonReport({
    toolVersion: version,
    startedAt,
    exitCode,
    timings,
    source: settings.source.url,
    destination: settings.destination.url,
    outcome,
    error,
    clean: cleaner.clean,
  });
  const failure = await writeReport(settings.reportFile, settings.clone, report);
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
  { readSettings, home }: Program,
  context: Context,
  conceal: (secrets: readonly string[]) => void,
): Promise<Ending> {
  let settings: Settings | undefined;
  const limit = new AbortController();
  const signal = AbortSignal.any([context.signal, limit.signal]);
  let timer: NodeJS.Timeout | undefined;
  try {
    settings = await readSettings();
    conceal(settings.secrets);
    timer = setTimeout(() => limit.abort('TIMEOUT'), settings.timeoutMilliseconds);
    logTitle(settings, context);
    return { outcome: await mirror(settings, { ...context, signal }, home), settings };
  } catch (error) {
    context.log.debug(error instanceof Error ? String(error.stack) : String(error));
    return { error: signal.aborted ? toStopError(signal.reason) : toMirrorError(error), settings };
  } finally {
    clearTimeout(timer);
  }
}

function logTitle(settings: Settings, { log }: Context): void {
  const { selection, source, destination } = settings;
  const what = selection.refs === 'all' ? 'all branches and tags' : selection.ref;
  log.info(`codecommit-mirror ${version}: ${what} of ${source.url ?? settings.clone} → ${destination.name}`);
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
