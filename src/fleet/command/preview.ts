import type { PlannedRepository } from '../plan/decision';
import type { Fleet } from '../run/fleet';
import type { FleetPlan } from '../run/readPlan';
import { selectNamed } from '../run/selectNamed';
import { isUnsettled, toJsonProblem, toProblemText, toReason, toTitle, toWord } from './describePlan';
import { toColumns, toCounts } from './table';

/** Prints what would be done with each repository. Gives the exit code. */
export function tellPreview(
  fleet: Fleet,
  plan: FleetPlan,
  names: readonly string[],
  write: (text: string) => void,
): number {
  const chosen = selectNamed(plan.repositories, names, fleet.configuration.mirrors);
  for (const mirror of fleet.configuration.mirrors) {
    const own = chosen.filter((each) => each.mirror === mirror.name);
    const problems = plan.problems.filter((problem) => problem.mirror === mirror.name);
    if (own.length === 0 && problems.length === 0) continue;
    write(`${mirror.name}: ${toTitle(mirror)}\n`);
    for (const problem of problems) {
      const { remedy, code } = problem.error;
      write(`  ✖ ${toProblemText(problem)}\n    ${remedy} [${code}]\n`);
    }
    const rows = [...own].sort(byPath).map(toRow);
    for (const [index, line] of toColumns(rows.map(({ cells }) => cells)).entries())
      write(`  ${line}\n${rows[index]?.remedy === undefined ? '' : `      ${rows[index].remedy}\n`}`);
  }
  const count = `${chosen.length} ${chosen.length === 1 ? 'repository' : 'repositories'}`;
  write(`${count}${chosen.length === 0 ? '' : `: ${toCounts(chosen.map(toWord))}`}.\n`);
  return plan.problems.length > 0 || chosen.some(isUnsettled) ? 1 : 0;
}

function byPath(one: PlannedRepository, other: PlannedRepository): number {
  return one.path < other.path ? -1 : 1;
}

function toRow(planned: PlannedRepository) {
  const mark = isUnsettled(planned) ? '✖' : planned.action === 'create' ? '+' : ' ';
  const destination = 'destination' in planned && planned.destination ? `→ ${planned.destination}` : '';
  return {
    cells: [mark, toWord(planned), planned.path, destination, toReason(planned) ?? ''],
    remedy: planned.action === 'conflict' && isUnsettled(planned) ? planned.remedy : undefined,
  };
}

/** The plan as a JSON document, version 1. */
export function toJsonPlan(plan: FleetPlan, chosen: readonly PlannedRepository[]): string {
  const repositories = chosen.map((planned) => ({
    mirror: planned.mirror,
    source: planned.path,
    identity: planned.identity,
    action: planned.action,
    destination: 'destination' in planned ? (planned.destination ?? null) : null,
    reason: toReason(planned) ?? null,
    remedy: planned.action === 'conflict' ? planned.remedy : null,
  }));
  const problems = plan.problems.map(toJsonProblem);
  return `${JSON.stringify({ version: 1, repositories, problems }, undefined, 2)}\n`;
}
