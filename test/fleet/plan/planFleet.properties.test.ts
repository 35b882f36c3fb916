import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostRepository } from '../../../src/fleet/hosts/repository';
import type { MirrorWorld, PlannedRepository } from '../../../src/fleet/plan/decision';
import { parseMarker, toMarker } from '../../../src/fleet/plan/marker';
import { toNameKey } from '../../../src/fleet/plan/naming';
import { planFleet } from '../../../src/fleet/plan/planFleet';
import { type RepositoryState, toNewState } from '../../../src/fleet/state/repositoryState';
import { atDestination, mirrorOf, repository } from './fleetWorld';

/*
 * Worlds without sense: states that fit nothing, markers of anybody, repositories of the destination among the sources.
 * Few names and few identities, so that they meet often.
 */
const names = fc.constantFrom('a', 'A', 'b', 'c', 'a.b', 'x'.repeat(101));
const ids = fc.integer({ min: 1, max: 6 });
const sourceIdentity = ids.map((id) => `github.com#${id}`);
const destinationIdentity = ids.map((id) => `codecommit#${id}`);
const anyIdentity = fc.oneof(
  { weight: 5, arbitrary: sourceIdentity },
  { weight: 1, arbitrary: destinationIdentity },
);

const description = fc.oneof(
  fc.constant(''),
  anyIdentity.map((identity) => toMarker({ identity, path: 'acme/x' }, 1_000)),
);

const source = fc
  .record({ identity: anyIdentity, name: names, isArchived: fc.boolean(), isFork: fc.boolean(), description })
  .map((more): HostRepository => ({ ...repository(0, ''), ...more }));

const destination = fc
  .uniqueArray(
    fc
      .record({ id: ids, name: names, description })
      .map((each) => atDestination(each.id, each.name, each.description)),
    { selector: ({ name }) => toNameKey(name), maxLength: 5 },
  )
  // No host gives an identity twice.
  .map((all) => [...new Map(all.map((each) => [each.identity, each])).values()]);

const state = fc
  .record({
    identity: anyIdentity,
    destination: fc.option(names, { nil: undefined }),
    destinationIdentity: fc.option(destinationIdentity, { nil: undefined }),
    state: fc.constantFrom(
      'new' as const,
      'equal' as const,
      'failing' as const,
      'gone' as const,
      'frozen' as const,
    ),
    verifiedAt: fc.option(fc.constant(5), { nil: undefined }),
  })
  .map((more): RepositoryState => {
    const { destination: name, destinationIdentity: at, verifiedAt, ...rest } = more;
    return {
      ...toNewState('one', more.identity, 'acme/old'),
      ...rest,
      ...(name !== undefined && { destination: name }),
      ...(at !== undefined && { destinationIdentity: at }),
      ...(verifiedAt !== undefined && { verifiedAt }),
    };
  });

const mirrors = [
  mirrorOf(),
  mirrorOf({ to: ", adopt: [a], names: { 'acme/b': c }", from: ', archived: false, forks: false' }),
  mirrorOf({ name: 'two', to: ', adopt: [b]' }),
];

const unique = (each: { identity: string }) => each.identity;

const aWorld = fc.record({
  mirror: fc.constantFrom(...mirrors),
  source: fc.record({
    repositories: fc.uniqueArray(source, { selector: unique, maxLength: 6 }),
    isWhole: fc.boolean(),
  }),
  destination: fc.record({ repositories: destination, isWhole: fc.boolean() }),
  lookedUp: fc
    .array(fc.tuple(anyIdentity, fc.constantFrom('gone' as const, repository(1, 'a'))))
    .map((each) => new Map(each)),
  isEmpty: fc.array(fc.tuple(destinationIdentity, fc.boolean())).map((each) => new Map(each)),
  quota: fc.option(fc.record({ allowed: fc.nat(4), used: fc.nat(4), raise: fc.constant('Ask') }), {
    nil: undefined,
  }),
  known: fc.uniqueArray(state, { selector: unique, maxLength: 5 }),
});

/** Several mirrors at one place have the same destination. */
const worlds: fc.Arbitrary<readonly MirrorWorld[]> = fc
  .array(aWorld, { minLength: 1, maxLength: 3 })
  .map(([first, ...others]) =>
    first === undefined
      ? []
      : [
          first,
          ...others.map((each) => ({ ...each, destination: first.destination, isEmpty: first.isEmpty })),
        ],
  );

type Push = PlannedRepository & { action: 'create' | 'adopt' | 'follow' };

const isPush = (each: PlannedRepository): each is Push => ['create', 'adopt', 'follow'].includes(each.action);

/** The world that a decision was made in: of its mirror and with its source, the plan is in the order of the worlds. */
function inWorlds(
  given: readonly MirrorWorld[],
  check: (each: PlannedRepository, of: MirrorWorld) => void,
): void {
  // Each world by itself: then it is clear whose a decision is. What holds for all together is tested with all.
  for (const one of given) for (const each of planFleet([one])) check(each, one);
}

const properties: [string, { check(numRuns: number): void }][] = [];

/** A promise for every world. */
function promise<T>(name: string, worlds: fc.Arbitrary<T>, check: (given: T) => void): void {
  const property = fc.property(worlds, check);
  properties.push([name, { check: (numRuns) => fc.assert(property, { numRuns, seed: 20261126 }) }]);
}

promise('no two sources go to one destination, by its name or by its identity', worlds, (given) => {
  const pushes = planFleet(given).filter(isPush);
  const keys = pushes.map(({ place, destination: name }) => `${place} ${toNameKey(name)}`);
  expect(new Set(keys).size).toBe(keys.length);
  const identities = pushes.flatMap((each) =>
    'destinationIdentity' in each ? (each.destinationIdentity ?? []) : [],
  );
  expect(new Set(identities).size).toBe(identities.length);
});

promise('a name that was assigned is never changed', worlds, (given) => {
  inWorlds(given, (each, { known }) => {
    const name = known.find(({ identity }) => identity === each.identity)?.destination;
    if (name !== undefined && isPush(each)) expect(toNameKey(each.destination)).toBe(toNameKey(name));
  });
});

promise('no repository goes over the mirror of another one, gone or not', worlds, (given) => {
  const plan = planFleet(given);
  for (const each of plan.filter(isPush)) {
    const name = toNameKey(each.destination);
    const isOwn = given.some(({ known }) =>
      known.some(
        (state) =>
          state.identity === each.identity &&
          state.destination !== undefined &&
          toNameKey(state.destination) === name,
      ),
    );
    const holders = given.flatMap(({ known }) =>
      known.filter((state) => state.destination !== undefined && toNameKey(state.destination) === name),
    );
    if (!isOwn) expect(holders.filter(({ identity }) => identity !== each.identity)).toEqual([]);
    const found = given[0]?.destination.repositories.find((one) => toNameKey(one.name) === name);
    const marker = parseMarker(found?.description ?? '');
    if (marker !== undefined) expect(marker.identity).toBe(each.identity);
  }
});

promise('a listing that is not whole makes nothing gone, and no listing alone does', worlds, (given) => {
  inWorlds(given, (each, { source: listing, known, lookedUp }) => {
    const wasGone = known.some(({ identity, state }) => identity === each.identity && state === 'gone');
    if (each.action === 'gone-candidate') expect(listing.isWhole).toBe(true);
    if (each.action === 'gone' && !wasGone) {
      expect(listing.isWhole).toBe(true);
      expect(lookedUp.get(each.identity)).toBe('gone');
    }
    if (listing.repositories.some(({ identity }) => identity === each.identity))
      expect(['gone', 'gone-candidate']).not.toContain(each.action);
  });
});

promise('what somebody else made is used only when it is empty or adopted by name', worlds, (given) => {
  inWorlds(given, (each, { destination: there, known, isEmpty, mirror }) => {
    if (!isPush(each)) return;
    const found = there.repositories.find((one) => toNameKey(one.name) === toNameKey(each.destination));
    if (each.action === 'create') {
      expect(found).toBeUndefined();
      expect(there.isWhole).toBe(true);
      return;
    }
    // Where it is not listed, only a destination that was used before is used, after a listing that is not whole.
    const state = known.find(({ identity }) => identity === each.identity);
    if (found === undefined) {
      expect([there.isWhole, state?.destination]).toEqual([false, each.destination]);
      return;
    }
    const isOurs =
      parseMarker(found.description)?.identity === each.identity ||
      (parseMarker(found.description) === undefined &&
        state?.destination !== undefined &&
        state.destinationIdentity === found.identity);
    const isFree = isEmpty.get(found.identity) === true || mirror.to.adopt.includes(toNameKey(found.name));
    expect(isOurs || isFree).toBe(true);
  });
});

promise('no destination is a source', worlds, (given) => {
  const plan = planFleet(given);
  const sources = new Set(plan.filter(isPush).map(({ identity }) => identity));
  for (const each of plan)
    if (isPush(each) && 'destinationIdentity' in each)
      expect(sources.has(each.destinationIdentity ?? '')).toBe(false);
});

promise('no more is made than the quota has room for', worlds, (given) => {
  const plan = planFleet(given);
  const quota = given.findLast((each) => each.quota !== undefined)?.quota;
  if (quota === undefined) return;
  expect(plan.filter(({ action }) => action === 'create').length).toBeLessThanOrEqual(
    Math.max(0, quota.allowed - quota.used),
  );
});

promise('every repository of every listing has one decision', worlds, (given) => {
  inWorlds(given, () => undefined);
  for (const one of given) {
    const plan = planFleet([one]);
    const decided = plan.map(({ identity }) => identity);
    expect(new Set(decided).size).toBe(decided.length);
    expect(decided).toEqual(expect.arrayContaining(one.source.repositories.map(({ identity }) => identity)));
  }
});

/** Does what the plan says, as the programs do: makes, marks, and keeps the names. */
function carryOut(one: MirrorWorld): MirrorWorld {
  const there = new Map(one.destination.repositories.map((each) => [toNameKey(each.name), each]));
  const known = new Map(one.known.map((each) => [each.identity, each]));
  for (const [index, each] of planFleet([one]).entries()) {
    if (!isPush(each)) continue;
    const marker = toMarker({ identity: each.identity, path: each.path }, 1_000);
    const found = there.get(toNameKey(each.destination)) ?? atDestination(100 + index, each.destination);
    there.set(toNameKey(each.destination), { ...found, description: marker });
    known.set(each.identity, {
      ...(known.get(each.identity) ?? toNewState(each.mirror, each.identity, each.path)),
      path: each.path,
      destination: each.destination,
      destinationIdentity: found.identity,
    });
  }
  return {
    ...one,
    destination: { ...one.destination, repositories: [...there.values()] },
    known: [...known.values()],
  };
}

const pushesOf = (one: MirrorWorld) =>
  new Map(
    planFleet([one])
      .filter(isPush)
      .map((each) => [each.identity, toNameKey(each.destination)]),
  );

promise(
  'a plan that was carried out is followed by one with the same names, also when all is renamed',
  fc.tuple(aWorld, fc.array(names, { minLength: 6, maxLength: 6 })),
  ([one, otherNames]) => {
    const whole = { ...one, destination: { ...one.destination, isWhole: true } };
    const before = pushesOf(whole);
    const after = carryOut(whole);
    const repositories = after.source.repositories.map((each, index) => ({
      ...each,
      name: otherNames[index] ?? 'z',
    }));
    const renamed = { ...after, source: { ...after.source, repositories } };
    for (const each of planFleet([renamed])) {
      const name = before.get(each.identity);
      if (name === undefined || !isPush(each)) continue;
      expect([each.action, toNameKey(each.destination)]).toEqual(['follow', name]);
    }
  },
);

promise('a plan finds the mirrors by their markers when the state is lost', aWorld, (one) => {
  const after = carryOut({ ...one, known: [], destination: { ...one.destination, isWhole: true } });
  const lost = { ...after, known: [] };
  expect(pushesOf(lost)).toEqual(pushesOf({ ...after, source: lost.source }));
});

describe('whatever the worlds are', () => {
  test.each(properties)('%s', (_name, { check }) => check(200));

  test.each(properties)('%s, ten thousand times', { tags: ['slow'] }, (_name, { check }) => check(10_000));
});
