import { isDeepStrictEqual } from 'node:util';
import type { MirrorError } from '../../../errors';
import type { PlannedRepository } from '../../plan/decision';
import type { Fleet } from '../../run/fleet';
import { toListedChanges } from '../../run/listedState';
import { isRunnable } from '../../run/prepareDestination';
import { readPlan } from '../../run/readPlan';
import { isShrunken, saveListings } from '../../run/savePlan';
import type { RepositoryState } from '../../state/repositoryState';
import { updateRepository } from '../../state/update';
import type { SourceProblem } from './catalogue';
import { type Plan, type Plans, toPlan } from './plans';

interface ReplanParts {
  readonly fleet: Fleet;
  readonly plans: Plans;
  readonly now: () => number;
}

/** Lists both sides of every mirror, plans, and saves what differs from before. What is planned anew is due at once. */
export async function replan(parts: ReplanParts): Promise<readonly SourceProblem[]> {
  const { fleet } = parts;
  const { mirrors } = fleet.configuration;
  const { repositories, problems, listed } = await readPlan(fleet, mirrors);
  for (const { name } of mirrors) {
    const own = repositories.filter(({ mirror }) => mirror === name);
    const errors = problems.filter(({ mirror }) => mirror === name).map(({ error }) => error);
    const isListed = errors.every(isShrunken);
    // Of what can't be listed nothing new is concluded; what a listing that is too short has, is planned as always.
    await saveMirror(name, isListed ? own : own.filter(isRunnable), errors.find(isShrunken), parts);
  }
  await saveListings(fleet, { repositories, problems, listed });
  fleet.context.log.info(`Listed ${repositories.length} repositories.`);
  return problems;
}

async function saveMirror(
  mirror: string,
  planned: readonly PlannedRepository[],
  shrunken: MirrorError | undefined,
  { fleet, plans, now }: ReplanParts,
): Promise<void> {
  const before = await plans.list(mirror);
  const known = new Map((await fleet.store.readRepositories(mirror)).map((state) => [state.identity, state]));
  const changed = planned.filter((each) => !isDeepStrictEqual(toPlan(each), before.get(each.identity)));
  await plans.write(mirror, changed.map(toPlan));
  const toChanges = (each: PlannedRepository, latest: RepositoryState | undefined) =>
    toListedChanges(each, latest, shrunken, (state) => {
      if (latest === undefined) return { ...state, seenAt: now() };
      return isDueAgain(each, before.get(each.identity), latest) ? { ...state, dueAt: 0 } : state;
    });
  const differing = planned.filter((each) => toChanges(each, known.get(each.identity)).length > 0);
  // At the first listing nobody else writes yet, and there may be thousands.
  if (known.size === 0) await fleet.store.write(differing.flatMap((each) => toChanges(each, undefined)));
  else
    for (const each of differing)
      await updateRepository(fleet.store, each, (latest) => toChanges(each, latest));
}

/** What the next plan was asked to decide. */
const undecided = /^fleet-(destination|source)-changed$/;

function isDueAgain(planned: PlannedRepository, before: Plan | undefined, known: RepositoryState): boolean {
  const isNew = isRunnable(planned) && before !== undefined && isOther(toPlan(planned), before);
  return isNew || undecided.test(known.problem?.code ?? '');
}

/** Whether the plan says to do something else. A mirror that was made or taken over meanwhile is the same. */
function isOther(plan: Plan, before: Plan): boolean {
  const [now, then] = [plan.decision, before.decision];
  if (!('destination' in now) || !('destination' in then) || plan.path !== before.path) return true;
  const isSame = now.action === 'create' || then.action === 'create';
  return (
    now.destination !== then.destination || !(isSame || now.destinationIdentity === then.destinationIdentity)
  );
}
