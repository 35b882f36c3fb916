import { checkAll, type RepositoryCheck } from '../run/checkAll';
import type { Fleet } from '../run/fleet';
import { readPlan } from '../run/readPlan';
import { selectNamed } from '../run/selectNamed';
import { isUnsettled, tellProblems, toReason } from './describePlan';

/** Compares both sides of every mirror and tells of each. Gives the exit code. */
export async function checkFleet(
  fleet: Fleet,
  names: readonly string[],
  json: ((text: string) => void) | undefined,
): Promise<number> {
  const { log } = fleet.context;
  const { mirrors } = fleet.configuration;
  const plan = await readPlan(fleet, mirrors);
  tellProblems(plan.problems, log);
  const chosen = selectNamed(plan.repositories, names, mirrors);
  const unsettled = chosen.filter(isUnsettled);
  for (const planned of unsettled)
    log.failure(`${planned.mirror}: ${planned.path}: ${toReason(planned) ?? planned.action}`);
  const checks = await checkAll(fleet, chosen, (check) => {
    if (json === undefined) tellCheck(check, fleet);
  });
  json?.(toJson(checks));
  const different = checks.filter((check) => !isEqual(check, fleet)).length;
  const failed = different + unsettled.length + plan.problems.length;
  if (failed === 0) log.success(`${checks.length} compared, all equal.`);
  else log.failure(`${checks.length} compared, ${different} not equal; ${unsettled.length} need a decision.`);
  return failed === 0 ? 0 : 1;
}

/** What the destination has besides is as it should be unless `prune` is on. */
function isEqual({ planned, behind, extra, error }: RepositoryCheck, fleet: Fleet): boolean {
  const { prune } = fleet.mirrorNamed(planned.mirror).policy;
  return error === undefined && behind === 0 && (extra === 0 || !prune);
}

function tellCheck(check: RepositoryCheck, fleet: Fleet): void {
  const { log } = fleet.context;
  const { planned, behind, extra, branches, tags, error } = check;
  const name = `${planned.mirror}: ${planned.path} → ${planned.destination}`;
  if (error !== undefined) {
    log.failure(`${name}: ${error.message}\n  ${error.remedy} [${error.code}]`);
    return;
  }
  const also = extra === 0 ? '' : `; ${extra} only at the destination`;
  if (isEqual(check, fleet)) log.success(`${name}: equal; ${branches} branches, ${tags} tags${also}`);
  else log.failure(`${name}: ${behind} refs differ or are missing${also}`);
}

function toJson(checks: readonly RepositoryCheck[]): string {
  const repositories = checks.map(({ planned, error, ...counts }) => ({
    mirror: planned.mirror,
    source: planned.path,
    destination: planned.destination,
    ...counts,
    error: error === undefined ? null : { code: error.code, message: error.message, remedy: error.remedy },
  }));
  return `${JSON.stringify({ version: 1, repositories }, undefined, 2)}\n`;
}
