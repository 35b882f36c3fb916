import { hasCode } from '../../errors';
import type { PlannedRepository } from '../plan/decision';
import type { FleetStore } from '../state/store';
import { updateRepository } from '../state/update';
import type { Fleet } from './fleet';
import { toListedChanges } from './listedState';
import type { FleetPlan, MirrorProblem } from './readPlan';

/** Saves what a plan has found: of each mirror, and of these of its repositories. */
export async function savePlan(
  fleet: Fleet,
  plan: FleetPlan,
  repositories: readonly PlannedRepository[],
): Promise<void> {
  await saveListings(fleet, plan);
  const shrunken = new Map(
    plan.problems.filter(({ error }) => isShrunken(error)).map(({ mirror, error }) => [mirror, error]),
  );
  await Promise.all(
    repositories.map((planned) =>
      updateRepository(fleet.store, planned, (known) =>
        toListedChanges(planned, known, shrunken.get(planned.mirror)),
      ),
    ),
  );
}

/** Whether the source was listed, and is only not believed. */
export function isShrunken(error: MirrorProblem['error']): boolean {
  return hasCode(error, ['fleet-listing-shrunken']);
}

/** A person says that what this source has lost is really gone: the next listing is not compared with the one before. */
export async function acceptListing(
  { store }: { readonly store: Pick<FleetStore, 'readMirror' | 'write'> },
  mirror: string,
): Promise<void> {
  const { listed: _before, ...state } = (await store.readMirror(mirror)) ?? { mirror };
  await store.write([{ kind: 'mirror', state }]);
}

/** Saves when each source was listed whole, and of how many repositories. */
export async function saveListings({ store }: Fleet, { listed, problems }: FleetPlan): Promise<void> {
  const now = Date.now();
  const whole = [...listed].map(([mirror, size]) => ({ mirror, listedAt: now, listed: size }));
  const failed = await Promise.all(
    problems.map(async ({ mirror, error: { code, message, remedy } }) => ({
      ...((await store.readMirror(mirror)) ?? { mirror }),
      problem: { code, message, remedy },
    })),
  );
  const failing = new Set(failed.map(({ mirror }) => mirror));
  const states = [...whole.filter(({ mirror }) => !failing.has(mirror)), ...failed];
  await store.write(states.map((state) => ({ kind: 'mirror', state })));
}
