import type { PlannedRepository } from '../plan/decision';
import type { RepositoryRun } from '../run/mirrorRepository';
import type { FleetPlan } from '../run/readPlan';
import { toJsonProblem, toReason } from './describePlan';

/**
 * `fleet.json`, version 1: what became of each repository in one run. `outcome` is `mirrored`, `equal`, `failed` or `stopped`;
 * null for a repository that was not run, and then `action` and `reason` say why.
 */
export function toFleetReport(
  { problems }: Pick<FleetPlan, 'problems'>,
  chosen: readonly PlannedRepository[],
  runs: readonly RepositoryRun[],
): string {
  const byRepository = new Map(runs.map((each) => [each.planned as PlannedRepository, each]));
  const repositories = chosen.map((planned) => {
    const ended = byRepository.get(planned);
    return {
      mirror: planned.mirror,
      source: planned.path,
      identity: planned.identity,
      destination: 'destination' in planned ? (planned.destination ?? null) : null,
      action: planned.action,
      reason: toReason(planned) ?? null,
      outcome: ended?.run.outcome ?? null,
      changes: ended?.run.changes ?? 0,
      seconds: (ended?.run.took ?? 0) / 1_000,
      code: ended?.run.code ?? null,
    };
  });
  return `${JSON.stringify({ version: 1, repositories, problems: problems.map(toJsonProblem) }, undefined, 2)}\n`;
}
