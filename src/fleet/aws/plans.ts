import * as z from 'zod';
import type { PlannedRepository } from '../plan/decision';
import { isRunnable } from '../run/prepareDestination';
import type { Rows } from './dynamoRows';
import type { Place } from './message';

const planSchema = z.object({
  identity: z.string(),
  path: z.string(),
  /** `idle`: nothing is to be done; the state says why. */
  action: z.enum(['create', 'adopt', 'follow', 'conflict', 'gone', 'idle']),
  /** Of the source, without its owner. */
  name: z.string(),
  destination: z.string().optional(),
  destinationIdentity: z.string().optional(),
});

/** What the last listing of all decided for one repository. */
export type Plan = Readonly<z.output<typeof planSchema>>;

/** The plan of a fleet, in the table of the states: whoever mirrors a repository finds there where it goes. */
export interface Plans {
  find(place: Pick<Place, 'mirror' | 'identity'>): Promise<Plan | undefined>;
  /** By the identity of the source. */
  list(mirror: string): Promise<ReadonlyMap<string, Plan>>;
  write(mirror: string, plans: readonly Plan[]): Promise<void>;
}

export function openPlans(rows: Rows): Plans {
  const toKey = (mirror: string) => `plan#${mirror}`;
  return {
    find: async ({ mirror, identity }) => planSchema.safeParse(await rows.find(toKey(mirror), identity)).data,
    async list(mirror) {
      const found = await rows.list(toKey(mirror));
      const plans = found.flatMap((row) => planSchema.safeParse(row).data ?? []);
      return new Map(plans.map((plan) => [plan.identity, plan]));
    },
    async write(mirror, plans) {
      await rows.write(plans.map((plan) => ({ pk: toKey(mirror), sk: plan.identity, body: plan })));
    },
  };
}

export function toPlan(planned: PlannedRepository): Plan {
  const { identity, path, repository } = planned;
  const base = { identity, path, name: repository?.name ?? path };
  if (isRunnable(planned)) {
    const { action, destination } = planned;
    const destinationIdentity = 'destinationIdentity' in planned ? planned.destinationIdentity : undefined;
    return {
      ...base,
      action,
      destination,
      ...(destinationIdentity !== undefined && { destinationIdentity }),
    };
  }
  const { action } = planned;
  return { ...base, action: action === 'conflict' || action === 'gone' ? action : 'idle' };
}
