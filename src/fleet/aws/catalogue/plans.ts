import * as z from 'zod';
import type { PlannedRepository } from '../../plan/decision';
import { isRunnable, type Openable } from '../../run/prepareDestination';
import type { Rows } from '../resources/dynamoRows';
import type { Place } from '../resources/message';

const decisionSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('create'), destination: z.string() }),
  z.object({
    action: z.literal('adopt'),
    by: z.enum(['marker', 'empty', 'name']),
    destination: z.string(),
    destinationIdentity: z.string(),
  }),
  z.object({ action: z.literal('follow'), destination: z.string(), destinationIdentity: z.string() }),
]);

const planSchema = z.object({
  identity: z.string(),
  path: z.string(),
  /** Of the source. */
  owner: z.string(),
  name: z.string(),
  /** `idle`: nothing is to be done; the state says why. */
  decision: z.union([decisionSchema, z.object({ action: z.enum(['conflict', 'gone', 'idle']) })]),
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
  const { identity, path, repository, action } = planned;
  const base = { identity, path, owner: repository?.owner ?? '', name: repository?.name ?? path };
  // Parsing leaves out what a run does not need.
  if (isRunnable(planned)) return { ...base, decision: decisionSchema.parse(planned) };
  return { ...base, decision: { action: action === 'conflict' || action === 'gone' ? action : 'idle' } };
}

/** Undefined where nothing is to be mirrored. */
export function toOpenable({ mirror, identity }: Place, plan: Plan): Openable | undefined {
  const { decision, owner, name, path } = plan;
  if (!('destination' in decision)) return undefined;
  return { mirror, identity, path, repository: { owner, name }, ...decision };
}
