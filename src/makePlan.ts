import type { Range } from './git/range';
import { type Parts, requireUnmoved, type Seen } from './look';
import { codeCommitFileLimits } from './plan/limits';
import { type Plan, planMirror, planWanted, toPushes } from './plan/plan';
import { findObstacle, withholdUnwritable } from './plan/unwritable';
import { addBackups } from './push/backup';
import { Sequence } from './sequence';
import { obtainObjects } from './source/objects';
import type { LfsUse } from './source/pointers';
import { surveyRange, withholdUnsendable } from './source/survey';

/** A plan, the history that it sends, and what that has of Git LFS. */
export interface Made {
  readonly plan: Plan;
  readonly range: Range;
  readonly lfs: LfsUse | undefined;
}

/** Obtains what a push needs, and plans it. Throws MirrorError `source-moved` when the look was overtaken. */
export async function makePlan(parts: Parts, seen: Seen): Promise<Made> {
  const { settings, context, scratch, source, destination } = parts;
  const { time } = context.stopwatch;
  const wanted = planWanted(seen, settings.selection).filter(
    ({ ref }) => findObstacle(ref, seen.destination, seen.source) === undefined,
  );
  const needs = { source, destination, scratch, log: context.log, tables: context.tables };
  const fastForwards = await time('fetch', () => obtainObjects(wanted, seen.destination, needs));
  const whole = planMirror(seen, settings.selection, fastForwards, seen.policy);
  const plan = withholdUnwritable(whole, seen.destination, seen.source);
  if (!seen.fallback) await requireUnmoved(plan, source);
  const stamp = toStamp(context.startedAt);
  const kept = settings.backup ? await addBackups(plan, seen.destination, stamp, needs) : plan;

  const tips = toPushes(plan).flatMap(({ new: tip }) => (tip === undefined ? [] : [tip]));
  const range = { tips, known: new Sequence(() => seen.destination.values()) };
  if (tips.isEmpty()) return { plan: kept, range, lfs: undefined };
  const limits = isCodeCommit(destination.url) ? codeCommitFileLimits : undefined;
  const survey = () => surveyRange(range, limits, scratch.git, context.tables);
  const { excesses, lfs } = await time('survey', survey);
  return { plan: await withholdUnsendable(kept, excesses, needs), range, lfs };
}

/** `2026-11-20T081500Z`: git allows no colon in a ref name. */
function toStamp(date: Date): string {
  return date.toISOString().replace(/:|\.\d+/g, '');
}

/** CodeCommit's own hosts, and whatever stands in for one: an endpoint in a VPC has a name of its own. */
export function isCodeCommit(url: string): boolean {
  return /^\w+:\/\/[^/]+\/v1\/repos\//.test(url);
}
