import { hasCode, MirrorError } from '../errors';
import { settleLfs } from '../lfs/settle';
import { type Clone, findClone } from '../objects/clone';
import { openScratch } from '../objects/scratch';
import type { Settings } from '../pipe/settings';
import { planRefusal } from '../plan/plan';
import { Journal } from '../push/journal';
import { pushPlan } from '../push/pushPlan';
import { type Destination, openDestination } from '../remote/destination';
import { createSource } from '../remote/source';
import { isChange, type Outcome } from '../report/outcome';
import type { Context } from '../system/context';
import { toMirrorError, toStopError } from '../system/errors';
import { removeLeftovers } from '../system/temporaryFolder';
import { type Attempt, type AttemptResult, retryTransient } from './attempts';
import { noClone, refMissing, toRefusalError } from './errors';
import { findGone, lookAtBoth, type Parts, type Seen } from './look';
import { type Made, makePlan } from './makePlan';

/** What a mirror uses, or leaves alone, of its user's home. */
export interface Home {
  /** The ~/.ssh to write to; undefined leaves every ~/.ssh alone. */
  readonly sshDirectory: string | undefined;
  /** Whether the source is read as `git ls-remote` of this user reads it: on a workstation, not in a pipe. */
  readonly usersGit: boolean;
}

/**
 * Makes the destination equal to the source, as far as selection and policy go. Gives the outcome however the run
 * ended; throws MirrorError when it ended before there was anything to say of single refs.
 */
export async function mirror(settings: Settings, context: Context, home: Home): Promise<Outcome> {
  const journal = new Journal(context.log);
  const failure = await findFailure(context, async () => {
    await removeLeftovers(context);
    const clone = await findClone(settings.clone);
    const failed = await mirrorWith(clone, settings, context, home, journal);
    if (clone === undefined || !hasCode(failed, ['clone-broken'])) return failed;
    context.log.warn(
      'The clone lacks objects that it should have: fetching everything from the source instead.',
    );
    return await mirrorWith(undefined, settings, context, home, journal);
  });
  const outcome = journal.toOutcome(failure);
  if (outcome === undefined) throw failure ?? new Error('a run without a plan and without a failure');
  return outcome;
}

/** Why the run failed, whether that is given or thrown. */
async function findFailure(
  { log, signal }: Context,
  run: () => Promise<MirrorError | undefined>,
): Promise<MirrorError | undefined> {
  try {
    return await run();
  } catch (error) {
    log.debug(error instanceof Error ? String(error.stack) : String(error));
    return signal.aborted ? toStopError(signal.reason) : toMirrorError(error);
  }
}

async function mirrorWith(
  clone: Clone | undefined,
  settings: Settings,
  context: Context,
  home: Home,
  journal: Journal,
): Promise<MirrorError | undefined> {
  const { url } = settings.source;
  if (url === undefined) throw noClone(settings.clone);
  await using scratch = await openScratch(clone, { ...settings.source, ...home, url }, context);
  const source = createSource(url, scratch, context);
  const there = { git: scratch.git, directory: home.sshDirectory, context };
  return await retryTransient(settings.maxAttempts, context, async (attempt) => {
    await using destination = await openDestination(settings.destination, there);
    return await mirrorOnce({ settings, context, clone, scratch, source, destination }, attempt, journal);
  });
}

/** One look at both sides, and what follows from it. */
async function mirrorOnce(parts: Parts, attempt: Attempt, journal: Journal): Promise<AttemptResult> {
  const { settings, context, source, destination } = parts;
  const { time } = context.stopwatch;
  const done = { cut: false, advanced: false };
  const seen = await time('look', () => lookAtBoth(parts, attempt.isLast));
  journal.looked(seen.destination);
  const refusal = planRefusal(seen, settings.selection, seen.policy);
  if (refusal !== undefined) throw toRefusalError(refusal, source.url, seen.policy.pruneLimit);
  const gone = findGone(seen, settings.selection);
  if (gone !== undefined) {
    // In a shell nothing says that the source ever had it.
    if (settings.run.kind === 'none') throw refMissing(gone);
    journal.planned({ updates: [], backups: [] }, { kind: 'gone' });
    return done;
  }

  const made = await makePlan(parts, seen);
  journal.planned(made.plan, { kind: settings.dryRun ? 'dry-run' : 'push', fallback: seen.fallback });
  const { lfs } = made;
  if (lfs !== undefined) {
    const needs = { source, destination, log: context.log };
    const settled = await time('lfs', () => settleLfs(lfs, settings, needs));
    journal.settledLfs(settled.lfs);
    if (settled.failure !== undefined) return { ...done, failure: settled.failure };
  }
  return settings.dryRun ? done : await carryOut(parts, attempt, seen, made, journal);
}

/** Pushes the plan, and lists the destination again: only what is seen there counts. */
async function carryOut(
  { settings, context, scratch, destination }: Parts,
  { cuts }: Attempt,
  seen: Seen,
  { plan, range }: Made,
  journal: Journal,
): Promise<AttemptResult> {
  const { time } = context.stopwatch;
  const situation = {
    range,
    present: seen.destination,
    first: seen.destination.size === 0 ? seen.sourceHead : undefined,
    limits: { pushBytes: settings.pushBytes, cuts },
  };
  const needs = { destination, scratch, log: context.log, journal };
  const pushed = await time('push', () => pushPlan(plan, situation, needs));
  const unseen = journal.hasSent() ? await time('verify', () => verify(destination, journal)) : undefined;
  const failure = pushed.failure ?? unseen;
  const refs = journal.attempted(failure);
  const contested = refs.filter((ref) => ref.contested === true).map(({ ref }) => ref);
  return { failure, contested, cut: pushed.cut, advanced: pushed.advanced || refs.some(isChange) };
}

/** Shows the journal the destination after a push. Gives why it could not be read. */
async function verify(destination: Destination, journal: Journal): Promise<MirrorError | undefined> {
  try {
    journal.verified((await destination.refs()).refs);
    return undefined;
  } catch (error) {
    if (error instanceof MirrorError && !hasCode(error, ['stopped', 'time-limit'])) return error;
    throw error;
  }
}
