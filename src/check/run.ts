import { version } from '../../package.json';
import type { MirrorError } from '../errors';
import { SettingsError } from '../faults';
import type { Asked } from '../pipe/order';
import { findSecrets } from '../pipe/secrets';
import { createCleaner, createLog, isColourSeen } from '../report/log';
import { createStopwatch } from '../report/stopwatch';
import { logDifferences, logError } from '../report/text';
import type { Log } from '../system/context';
import { toMirrorError, toStopError } from '../system/errors';
import { type Checked, check } from './check';
import { toJsonCheck } from './json';
import type { Point } from './point';
import { toFaultPoints } from './settingsPoints';

/** What the entry takes from the process and hands down. */
export interface CheckProgram extends Pick<Asked, 'env' | 'stdout' | 'signal' | 'readSettings'> {
  /** Where everything but the JSON document goes, when that is asked for. */
  readonly stderr: Asked['stdout'];
  readonly json: boolean;
}

/** How a check ended, before it is told. */
interface Ending extends Partial<Checked> {
  readonly error?: MirrorError;
}

/** Runs `check` as a program does: tells each point, gives the exit code. Never throws. */
export async function runCheck(program: CheckProgram): Promise<number> {
  const { env, stdout, stderr, json } = program;
  const cleaner = createCleaner();
  cleaner.conceal(findSecrets(env));
  const stream = json ? stderr : stdout;
  const colour = isColourSeen(env, stream.isTTY === true);
  const options = { colour, debug: env['DEBUG'] === 'true', cleaner, now: () => performance.now() };
  // A point that does not hold is a result; that there is no result is a failure.
  const [log, fatal] = [createLog({ stream, ...options }), createLog({ stream: stderr, ...options })];
  const { points = [], outcomes = [], error } = await findOut(program, log);
  if (error !== undefined && points.length === 0) logError(error, fatal);
  else if (!json) tell({ points, outcomes }, log);
  if (json) stdout.write(toJsonCheck({ points, outcomes }, version, cleaner.clean));
  if (error !== undefined) return error.exitCode;
  return points.some(({ state }) => state === 'failed') ? 1 : 0;
}

async function findOut({ readSettings, env, signal: stop }: CheckProgram, log: Log): Promise<Ending> {
  const limit = new AbortController();
  const signal = AbortSignal.any([stop, limit.signal]);
  let timer: NodeJS.Timeout | undefined;
  try {
    const settings = await readSettings();
    log.conceal(settings.secrets);
    timer = setTimeout(() => limit.abort('TIMEOUT'), settings.timeoutMilliseconds);
    const stopwatch = createStopwatch(() => performance.now());
    const context = { env, log, signal, stopwatch, startedAt: new Date() };
    return await check(settings, context);
  } catch (error) {
    log.debug(error instanceof Error ? String(error.stack) : String(error));
    if (signal.aborted) return { error: toStopError(signal.reason) };
    return error instanceof SettingsError
      ? { error, points: toFaultPoints(error.faults) }
      : { error: toMirrorError(error) };
  } finally {
    clearTimeout(timer);
  }
}

function tell({ points, outcomes }: Checked, log: Log): void {
  for (const point of points) tellPoint(point, log);
  logDifferences(outcomes, log);
  const failed = points.filter(({ state }) => state === 'failed').length;
  const unseen = points.filter(({ state }) => state === 'unseen').length;
  const also = unseen === 0 ? '' : ` (not looked at: ${unseen})`;
  if (failed > 0) log.failure(`${failed} of ${points.length} points do not hold${also}.`);
  else if (points.some(({ name, state }) => name === 'differences' && state === 'ok'))
    log.success(`Everything is in place, and both sides are equal${also}.`);
  else log.success(`Nothing that could be looked at is wrong; the two sides were not compared${also}.`);
}

function tellPoint({ name, state, reason, fix }: Point, log: Log): void {
  const text = `${name}: ${reason}${fix === undefined ? '' : `\n${fix}`}`;
  if (state === 'ok') log.success(text);
  else if (state === 'failed') log.failure(text);
  else log.skip(text);
}
