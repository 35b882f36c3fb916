import { hasCode, type MirrorError } from '../../errors';
import type { Clock } from '../hosts/api/limiter';
import { checkRepository } from '../run/checkAll';
import { toDeclined } from '../run/declined';
import type { Fleet } from '../run/fleet';
import { isEmptySource, isRefused, mirrorRepository, type RepositoryRun } from '../run/mirrorRepository';
import type { Runnable } from '../run/prepareDestination';
import type { Lane } from '../schedule/lanes';
import type { Catalogue } from './catalogue';
import { saveCheck, saveNextLook } from './results';
import type { RunLogs } from './runLogs';

/** What the service needs to mirror or check one repository. */
export interface WorkParts {
  readonly fleet: Fleet;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** From 0 to less than 1. */
  readonly random: () => number;
  readonly logs: RunLogs;
  readonly warn: (what: string, error: MirrorError) => void;
}

/** How long a run may go on when the service is asked to stop. */
const graceMilliseconds = 30_000;

/** Mirrors one repository, and saves when to look next. */
export async function mirrorOne(
  planned: Runnable,
  trigger: Lane,
  signal: AbortSignal,
  parts: WorkParts,
): Promise<void> {
  const { fleet, random } = parts;
  const hint = (await fleet.store.readRepository(planned.mirror, planned.identity))?.hint;
  const logs = parts.logs.open(planned);
  const run = await mirrorRepository(planned, {
    fleet,
    trigger,
    log: logs.log,
    signal,
    graceMilliseconds,
    logName: logs.name,
  });
  await saveNextLook(fleet, run, hint, random);
  await logs.close().catch((error) => fleet.context.log.warn(`The log of a run can't be saved: ${error}`));
  tell(run, parts);
}

/** Compares both sides of one repository. What it saw is saved unless `isStale` then. */
export async function checkOne(
  planned: Runnable,
  isStale: () => boolean,
  { fleet, clock, warn }: WorkParts,
): Promise<void> {
  const check = await checkRepository(fleet, planned);
  if (check.error !== undefined) warn(`${planned.mirror}: ${planned.path}`, check.error);
  if (!isStale()) await saveCheck(fleet, check, clock.now());
}

function tell(ended: RepositoryRun, { fleet, catalogue, warn }: WorkParts): void {
  const { planned, error, outcome, run } = ended;
  const failure = error ?? outcome?.failure;
  if (isRefused(ended)) {
    // Those that run beside it meet the same token: it is told once.
    if (catalogue.isSuspended(planned.mirror)) return;
    catalogue.suspend(planned.mirror);
  }
  const name = `${planned.mirror}: ${planned.path} → ${planned.destination}`;
  if (hasCode(failure, ['fleet-source-changed', 'fleet-destination-changed'])) catalogue.expire();
  const declined = toDeclined(outcome);
  const { log } = fleet.context;
  if (failure !== undefined && !isEmptySource(failure)) warn(name, failure);
  else if (declined !== undefined) log.warn(`${name}: ${declined}`);
  else if (run.changes > 0)
    log.success(`${name}: ${run.changes} ${run.changes === 1 ? 'ref' : 'refs'} changed`);
}
