import { collision, quotaReached } from './conflicts';
import type { MirrorWorld, PlannedRepository } from './decision';
import { toPlace } from './fleetMirror';
import { toNameKey } from './naming';

/**
 * The last line of defence: whatever led here, no two sources go to one destination, by its name or by its identity. One
 * that has been mirrored there already keeps it; where that says nothing, none gets it.
 */
export function refuseDoubles(plan: readonly PlannedRepository[]): readonly PlannedRepository[] {
  const claims = new Map<string, PlannedRepository[]>();
  for (const each of plan)
    for (const key of toKeys(each)) claims.set(key, [...(claims.get(key) ?? []), each]);
  return plan.map((each) => {
    const isSole = toKeys(each).every((key) => isWinner(each, claims.get(key) ?? []));
    if (isSole || !('destination' in each) || each.destination === undefined) return each;
    const { mirror, place, identity, path, repository } = each;
    const base = { mirror, place, identity, path, ...(repository && { repository }) };
    const detail = `"${each.destination}" at the destination would have two sources`;
    return { ...base, ...collision(each.destination, detail) };
  });
}

/** The names and identities at the destination that something will be pushed to. */
function toKeys(each: PlannedRepository): readonly string[] {
  if (each.action !== 'create' && each.action !== 'adopt' && each.action !== 'follow') return [];
  const name = `${each.place}\n${toNameKey(each.destination)}`;
  if (each.action === 'create') return [name];
  return [name, each.destinationIdentity];
}

function isWinner(each: PlannedRepository, claims: readonly PlannedRepository[]): boolean {
  if (claims.length === 1) return true;
  const followers = claims.filter(({ action }) => action === 'follow');
  return followers.length === 1 && followers[0] === each;
}

/** Repositories that would be more than the account may have are not made: in the order of their paths, the last ones. */
export function refuseOverQuota(
  plan: readonly PlannedRepository[],
  worlds: readonly MirrorWorld[],
): readonly PlannedRepository[] {
  const quotas = new Map(
    worlds.flatMap(({ mirror, quota }) => (quota === undefined ? [] : [[toPlace(mirror.to), quota]])),
  );
  const refused = new Map<PlannedRepository, NonNullable<MirrorWorld['quota']>>();
  for (const [place, quota] of quotas) {
    const created = plan.filter((each) => each.place === place && each.action === 'create');
    const inOrder = [...created].sort((a, b) => (a.path < b.path ? -1 : 1));
    for (const each of inOrder.slice(Math.max(0, quota.allowed - quota.used))) refused.set(each, quota);
  }
  return plan.map((each) => {
    const quota = refused.get(each);
    if (quota === undefined || each.action !== 'create') return each;
    return { ...each, ...quotaReached(each.destination, quota.allowed, quota.raise) };
  });
}
