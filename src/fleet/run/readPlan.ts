import { hasCode, type MirrorError } from '../../errors';
import { toMirrorError } from '../../system/errors';
import type { MirrorConfiguration } from '../configuration/configuration';
import type { MirrorWorld, PlannedRepository } from '../plan/decision';
import { type Listing, readListing } from '../plan/listing';
import { planFleet, toLookInto, toLookUp } from '../plan/planFleet';
import { listingShrunken } from './errors';
import type { Fleet } from './fleet';
import { readRefs } from './readRefs';

/** What is to be done with each repository, and which mirrors could not be looked at. */
export interface FleetPlan {
  readonly repositories: readonly PlannedRepository[];
  readonly problems: readonly MirrorProblem[];
  /** Of mirrors whose source was listed whole: how many repositories it has. */
  readonly listed: ReadonlyMap<string, number>;
}

/** Why a mirror as a whole can't be made: a token that is refused, a host that does not answer, a list that is too short. */
export interface MirrorProblem {
  readonly mirror: string;
  readonly side: 'source' | 'destination';
  readonly error: MirrorError;
}

const unlisted: Listing = { repositories: [], isWhole: false };

/**
 * Lists both sides of these mirrors and plans. Where the listings leave a question open, it is looked into: whether a
 * repository that is no longer listed exists, and whether one at the destination is empty. Changes nothing.
 */
export async function readPlan(fleet: Fleet, mirrors: readonly MirrorConfiguration[]): Promise<FleetPlan> {
  const problems: MirrorProblem[] = [];
  const listed = new Map<string, number>();
  let worlds = await Promise.all(mirrors.map((mirror) => readWorld(fleet, mirror, problems, listed)));
  let plan = planFleet(worlds);
  if (toLookUp(plan).length + toLookInto(plan).length > 0) {
    worlds = await Promise.all(worlds.map((world) => lookInto(fleet, world, plan)));
    plan = planFleet(worlds);
  }
  const counted = await Promise.all(worlds.map((world) => countQuota(fleet, world, plan)));
  if (counted.some(({ quota }) => quota !== undefined)) plan = planFleet(counted);
  return { repositories: plan, problems, listed };
}

async function readWorld(
  { hostsOf, store }: Fleet,
  mirror: MirrorConfiguration,
  problems: MirrorProblem[],
  listed: Map<string, number>,
): Promise<MirrorWorld> {
  const hosts = hostsOf(mirror);
  const [known, before] = [await store.readRepositories(mirror.name), await store.readMirror(mirror.name)];
  const read = async (side: 'source' | 'destination', size: number | undefined) => {
    try {
      const listing = await readListing(hosts[side], size);
      if (!listing.isWhole && size !== undefined)
        problems.push({
          mirror: mirror.name,
          side,
          error: listingShrunken(size, listing.repositories.length),
        });
      return listing;
    } catch (error) {
      if (hasCode(error, ['stopped', 'time-limit'])) throw error;
      problems.push({ mirror: mirror.name, side, error: toMirrorError(error) });
      return unlisted;
    }
  };
  const [source, destination] = await Promise.all([
    read('source', before?.listed),
    read('destination', undefined),
  ]);
  if (source.isWhole) listed.set(mirror.name, source.repositories.length);
  return { mirror, source, destination, known, lookedUp: new Map(), isEmpty: new Map() };
}

/** Answers the questions of the first plan. What can't be answered stays open, which is the safe side. */
async function lookInto(
  fleet: Fleet,
  world: MirrorWorld,
  plan: readonly PlannedRepository[],
): Promise<MirrorWorld> {
  const hosts = fleet.hostsOf(world.mirror);
  const own = plan.filter(({ mirror }) => mirror === world.mirror.name);
  const lookedUp = new Map(world.lookedUp);
  for (const { identity } of toLookUp(own)) {
    const found = await tryTo(() => hosts.source.find(identity));
    if (found !== undefined) lookedUp.set(identity, found.value ?? 'gone');
  }
  const isEmpty = new Map(world.isEmpty);
  for (const identity of toLookInto(own)) {
    const repository = world.destination.repositories.find((each) => each.identity === identity);
    if (repository === undefined) continue;
    const login = await tryTo(() => hosts.destination.login());
    if (login === undefined) continue;
    const end = { url: repository.url, name: repository.name, login: login.value };
    const refs = await tryTo(() => readRefs(end, 'destination', fleet.context));
    if (refs !== undefined) isEmpty.set(identity, refs.value.refs.size === 0);
  }
  return { ...world, lookedUp, isEmpty };
}

/** Without a quota of their own, some accounts may have this many repositories: more than that is worth a word. */
const alwaysAllowed = 1_000;

/** What the owner may have matters only where something is to be made. */
async function countQuota(
  { hostsOf, context }: Fleet,
  world: MirrorWorld,
  plan: readonly PlannedRepository[],
): Promise<MirrorWorld> {
  const { name } = world.mirror;
  const { quota } = hostsOf(world.mirror).destination;
  const made = plan.filter(({ mirror, action }) => mirror === name && action === 'create').length;
  if (made === 0 || quota === undefined) return world;
  const allowed = (await tryTo(() => quota.readAllowed()))?.value;
  const used = world.destination.repositories.length;
  if (allowed !== undefined) return { ...world, quota: { allowed, used, raise: quota.raise } };
  if (used + made > alwaysAllowed)
    context.log.warn(
      `${name}: the destination would have ${used + made} repositories. Its quota is unknown, ${quota.untold}.`,
    );
  return world;
}

async function tryTo<T>(work: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await work() };
  } catch (error) {
    if (hasCode(error, ['stopped', 'time-limit'])) throw error;
    return undefined;
  }
}
