import { version } from '../../package.json';
import type { MirrorError } from '../errors';
import { SettingsError } from '../faults';
import type { Asked } from '../pipe/order';
import { remedies } from '../pipe/remedies';
import { findSecrets } from '../pipe/secrets';
import { type Output, openSession, type Session, type Surroundings } from '../program/session';
import { withHints } from '../report/remedies';
import { logDifferences, logError } from '../report/text';
import type { Log } from '../system/context';
import { type Checked, check } from './check';
import { toJsonCheck } from './json';
import type { Point } from './point';
import { toFaultPoints } from './settingsPoints';

/** What the entry passes on from the process. */
export interface CheckProgram extends Surroundings {
  /** The output for everything except the JSON document, if that is requested. */
  readonly stderr: Output;
  readonly json: boolean;
  readonly readSettings: Asked['readSettings'];
}

/** How a check ended, before it is reported. */
interface Ending extends Partial<Checked> {
  readonly error?: MirrorError;
}

/** Runs `check` as a program: logs each point, returns the exit code. Never throws. */
export async function runCheck(program: CheckProgram): Promise<number> {
  const { env, stdout, stderr, json } = program;
  const shown = { ...program, remedies, stdout: json ? stderr : stdout, stderr: undefined };
  using session = openSession(shown, findSecrets(env));
  const { log } = session.context;
  const { points = [], outcomes = [], error } = await runChecks(program, session);
  // A failed point is a result; an error without points is a failure of the check.
  if (error !== undefined && points.length === 0) logError(error, session.openLog(stderr));
  else if (!json) logChecked({ points, outcomes }, log);
  if (json) stdout.write(toJsonCheck({ points, outcomes }, version, session.clean));
  if (error !== undefined) return error.exitCode;
  return points.some(({ state }) => state === 'failed') ? 1 : 0;
}

async function runChecks({ readSettings }: CheckProgram, session: Session): Promise<Ending> {
  const { context } = session;
  try {
    const settings = await readSettings();
    context.log.conceal(settings.secrets);
    session.limit(settings.timeoutMilliseconds);
    const { points, outcomes } = await check(settings, context);
    return { points, outcomes: withHints(outcomes, remedies) };
  } catch (error) {
    const failure = session.explain(error);
    return failure instanceof SettingsError
      ? { error: failure, points: toFaultPoints(failure.faults) }
      : { error: failure };
  }
}

function logChecked({ points, outcomes }: Checked, log: Log): void {
  for (const point of points) logPoint(point, log);
  logDifferences(outcomes, log);
  const failed = points.filter(({ state }) => state === 'failed').length;
  const unseen = points.filter(({ state }) => state === 'unseen').length;
  const also = unseen === 0 ? '' : ` (not checked: ${unseen})`;
  if (failed > 0) log.failure(`${failed} of ${points.length} points failed${also}.`);
  else if (points.some(({ name, state }) => name === 'differences' && state === 'ok'))
    log.success(`Everything is in place, and both sides are equal${also}.`);
  else log.success(`No fault found, but the two sides were not compared${also}.`);
}

function logPoint({ name, state, reason, fix }: Point, log: Log): void {
  const text = `${name}: ${reason}${fix === undefined ? '' : `\n${fix}`}`;
  if (state === 'ok') log.success(text);
  else if (state === 'failed') log.failure(text);
  else log.skip(text);
}
