import { version } from '../../package.json';
import type { MirrorError } from '../errors';
import { SettingsError } from '../faults';
import { openOrigin } from '../mirror/origin';
import { shareOrigin } from '../mirror/sharedOrigin';
import { remedies } from '../pipe/remedies';
import { findSecrets } from '../pipe/secrets';
import type { Asked, Settings } from '../pipe/settings';
import { toDistinctNames } from '../program/runJobs';
import { type Output, openSession, type Session, type Surroundings } from '../program/session';
import { withHints } from '../report/remedies';
import { logDifferences, logError } from '../report/text';
import { allOrNothing } from '../system/allOrNothing';
import type { Context, Log } from '../system/context';
import { check } from './check';
import { type NamedCheck, toJsonCheck } from './json';
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
interface Ending {
  /** One for each destination. */
  readonly checks: readonly NamedCheck[];
  readonly error?: MirrorError;
}

/** Runs `check` as a program: logs each point, returns the exit code. Never throws. */
export async function runCheck(program: CheckProgram): Promise<number> {
  const { env, stdout, stderr, json } = program;
  const shown = { ...program, remedies, stdout: json ? stderr : stdout, stderr: undefined };
  using session = openSession(shown, findSecrets(env));
  const { log } = session.context;
  const { checks, error } = await runChecks(program, session);
  // A failed point is a result; an error without points is a failure of the check.
  if (error !== undefined && checks.length === 0) logError(error, session.openLog(stderr));
  else if (!json) for (const checked of checks) logChecked(checked, checks.length > 1, log);
  if (json) stdout.write(toJsonCheck(checks, version, session.clean));
  if (error !== undefined) return error.exitCode;
  return checks.some(({ points }) => points.some(({ state }) => state === 'failed')) ? 1 : 0;
}

async function runChecks({ readSettings }: CheckProgram, session: Session): Promise<Ending> {
  const { context } = session;
  try {
    const settings = await readSettings();
    context.log.conceal(settings.secrets);
    session.limit(settings.timeoutMilliseconds);
    return { checks: await checkEach(settings, context) };
  } catch (error) {
    const failure = session.explain(error);
    return failure instanceof SettingsError
      ? {
          error: failure,
          checks: [{ name: '', url: '', points: toFaultPoints(failure.faults), outcomes: [] }],
        }
      : { error: failure, checks: [] };
  }
}

/** Several destinations are checked in parallel, and share the source. */
async function checkEach(settings: Settings, context: Context): Promise<readonly NamedCheck[]> {
  const { destinations } = settings;
  const names = toDistinctNames(destinations.map(({ destination }) => destination));
  await using shared = shareOrigin(context);
  return await allOrNothing(
    destinations.map((own, index) => async () => {
      const open = destinations.length === 1 ? openOrigin : shared.toOpener();
      const { points, outcomes } = await check(settings, own, context, open);
      const { url } = own.destination;
      return { name: names[index] ?? '', url, points, outcomes: withHints(outcomes, remedies) };
    }),
  );
}

function logChecked({ name, points, outcomes }: NamedCheck, isOneOfSeveral: boolean, log: Log): void {
  if (isOneOfSeveral) log.info(`Destination ${name}:`);
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
