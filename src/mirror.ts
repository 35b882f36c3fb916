import { type Attempt, type Tried, tryUntilSettled } from './attempts';
import type { Context } from './context';
import { type Destination, openDestination } from './destination/destination';
import { hasCode, type MirrorError, toRefusalError } from './errors';
import { isGone, lookAtBoth, type Parts, type Seen } from './look';
import { type Made, makePlan } from './makePlan';
import { planRefusal } from './plan/plan';
import { type LfsSettled, settleLfs } from './push/lfs';
import {
  countRefs,
  noOutcomes,
  type Outcome,
  type RefOutcomes,
  toVerdict,
  type Verdict,
} from './push/outcome';
import { pushPlan } from './push/pushPlan';
import { judgeOutcomes, toFailedOutcomes, toPlannedOutcomes } from './push/verify';
import type { Settings } from './settings/settings';
import { type Clone, findClone } from './source/clone';
import { noClone } from './source/errors';
import { openScratch } from './source/scratch';
import { createSource } from './source/source';
import { removeLeftovers } from './temporaryFolder';

/** What a mirror uses, or leaves alone, of its user's home. */
export interface Home {
  /** The ~/.ssh to write to; undefined leaves every ~/.ssh alone. */
  readonly sshDirectory: string | undefined;
  /** Whether the source is read as `git ls-remote` of this user reads it: on a workstation, not in a pipe. */
  readonly usersGit: boolean;
}

/**
 * Makes the destination equal to the source, as far as selection and policy go, and gives what came of it.
 * Throws MirrorError when nothing can be said of single refs.
 */
export async function mirror(settings: Settings, context: Context, home: Home): Promise<Outcome> {
  await removeLeftovers(context);
  const clone = await findClone(settings.clone);
  try {
    return await mirrorWith(clone, settings, context, home);
  } catch (error) {
    if (clone === undefined || !hasCode(error, ['clone-broken'])) throw error;
    context.log.warn(
      'The clone lacks objects that it should have: fetching everything from the source instead.',
    );
    return await mirrorWith(undefined, settings, context, home);
  }
}

async function mirrorWith(
  clone: Clone | undefined,
  settings: Settings,
  context: Context,
  home: Home,
): Promise<Outcome> {
  const { url } = settings.source;
  if (url === undefined) throw noClone(settings.clone);
  await using scratch = await openScratch(clone, { ...settings.source, ...home, url }, context);
  const source = createSource(url, scratch, context);
  const there = { git: scratch.git, directory: home.sshDirectory, context };
  return await tryUntilSettled(settings.maxAttempts, context, async (attempt) => {
    await using destination = await openDestination(settings.destination, there);
    return await mirrorOnce({ settings, context, clone, scratch, source, destination }, attempt);
  });
}

/** One look at both sides, and what follows from it. */
async function mirrorOnce(parts: Parts, attempt: Attempt): Promise<Tried> {
  const { settings, context, source, destination } = parts;
  const { time } = context.stopwatch;
  const seen = await time('look', () => lookAtBoth(parts, attempt.isLast));
  const about = { source: source.url, destination: destination.url, fallback: seen.fallback, bytes: 0 };
  const settle = (verdict: Verdict, refs: RefOutcomes, more: LfsSettled = {}): Tried => ({
    outcome: { ...about, ...more, verdict, ...refs, counts: countRefs(refs) },
    advanced: false,
  });
  const refusal = planRefusal(seen, settings.selection, seen.policy);
  if (refusal !== undefined) throw toRefusalError(refusal, source.url, seen.policy.pruneLimit);
  if (isGone(seen, settings.selection)) return settle('gone', noOutcomes);

  const { plan, range, lfs: found } = await makePlan(parts, seen);
  const needs = { source, destination, log: context.log };
  const settled = found === undefined ? {} : await time('lfs', () => settleLfs(found, settings, needs));
  if (settled.failure !== undefined)
    return settle(
      settings.dryRun ? 'planned' : 'not-mirrored',
      toFailedOutcomes(plan, settled.failure),
      settled,
    );
  if (settings.dryRun) return settle('planned', toPlannedOutcomes(plan), settled);

  const { outcome, advanced } = await carryOut(parts, attempt, seen, { plan, range });
  return { outcome: { ...about, ...settled, ...outcome }, advanced };
}

/** Pushes what is planned, and holds it against what the destination has then. */
async function carryOut(
  { settings, context, clone, scratch, destination }: Parts,
  { cuts }: Attempt,
  seen: Seen,
  { plan, range }: Pick<Made, 'plan' | 'range'>,
) {
  const { time } = context.stopwatch;
  const first = seen.destination.size === 0 ? seen.sourceHead : undefined;
  const limits = { pushBytes: settings.pushBytes, cuts };
  const how = { range, present: seen.destination, first, limits };
  const needs = { destination, scratch, log: context.log, tables: context.tables };
  const done = await time('push', () => pushPlan(plan, how, needs));
  const { pushed } = done;
  if (clone !== undefined && hasCode(pushed.failure, ['clone-broken'])) throw pushed.failure;
  const verify = () => readAfter(destination, pushed.failure);
  const after = pushed.pushes === 0 ? seen.destination : await time('verify', verify);
  const refs = judgeOutcomes(done.plan, pushed, after);
  const counts = countRefs(refs);
  const { bytes, failure } = pushed;
  const outcome = { verdict: toVerdict(counts), counts, ...refs, bytes, ...(failure && { failure }) };
  return { outcome, advanced: done.advanced };
}

/** After a push that broke off, the failure is the better news than that the listing failed too. */
async function readAfter(destination: Destination, failure: MirrorError | undefined) {
  try {
    return (await destination.refs()).refs;
  } catch (error) {
    throw failure ?? error;
  }
}
