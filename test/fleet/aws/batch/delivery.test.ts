import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFleet, type Fate, start } from './simulatedFleet';

const [second, minute, hour] = [1_000, 60_000, 3_600_000];

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Everything that can go wrong does, until `isCalm` says that it is over. */
function createFate(random: () => number, isCalm: () => boolean): Fate {
  const happens = (chance: number) => !isCalm() && random() < chance;
  return {
    isLost: () => happens(0.3),
    copies: () => (happens(0.2) ? 2 : 1),
    delay: () => (happens(0.3) ? random() * 10 * minute : random() * 2 * second),
    killAfter: () => (happens(0.1) ? random() * 5 * minute : undefined),
    isThrottled: () => happens(0.1),
    failure: () => (happens(0.2) ? 'destination-unreachable' : undefined),
    lookTime: () => random() * 3 * second,
    pushTime: () => (happens(0.1) ? random() * 12 * minute : random() * 20 * second),
  };
}

interface World {
  readonly seed: number;
  readonly repositories: number;
  readonly refs: number;
  readonly pushes: number;
}

async function live({ seed, repositories, refs, pushes }: World) {
  const random = createRandom(seed);
  let isCalm = false;
  const names = Array.from({ length: repositories }, (_, index) => `app-${index}`);
  const fate = createFate(random, () => isCalm);
  const fleet = createFleet({ names, refs, fate, concurrency: 2 });
  const { clock } = fleet;
  for (let index = 0; index < pushes; index += 1)
    clock.at(start + random() * 6 * hour, () =>
      fleet.push(names[Math.floor(random() * repositories)] ?? '', Math.floor(random() * refs)),
    );
  let longest = 0;
  for (let now = start; now < start + 48 * hour; now += 10 * minute) {
    if (now >= start + 7 * hour) isCalm = true;
    // While things go wrong, so does the schedule.
    const isTick = (now - start) % hour === 0 && (isCalm || random() > 0.3);
    if (isTick) clock.at(now, () => void fleet.tick());
    await clock.runUntil(now + 10 * minute - 1);
    for (const { visibleAt } of fleet.queue.stored) longest = Math.max(longest, visibleAt - clock.now());
  }
  return { fleet, longest };
}

const worlds = fc.record({
  seed: fc.integer(),
  repositories: fc.integer({ min: 1, max: 4 }),
  refs: fc.integer({ min: 1, max: 5 }),
  pushes: fc.integer({ min: 0, max: 40 }),
});

test('after losses, duplicates, reordering, throttles and kills, one daily look makes every destination equal', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const { fleet, longest } = await live(world);
      for (const { destination, source } of fleet.repositories) expect(destination).toEqual(source);
      expect(fleet.backwards).toEqual([]);
      expect(fleet.queue.stored).toEqual([]);
      // The queue's own visibility timeout, which only a killed run waits for; a failed one has at most 15 minutes.
      expect(longest).toBeLessThanOrEqual(30 * minute);
      for (const { state, verifiedAt = 0 } of fleet.states()) {
        expect(state).toBe('equal');
        expect(fleet.clock.now() - verifiedAt).toBeLessThanOrEqual(26 * hour);
      }
    }),
    { numRuns: 25 },
  );
});

test('when no event is lost, failures, kills and runs out of time are made up for without the schedule', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, async ({ seed, repositories, refs, pushes }) => {
      const random = createRandom(seed);
      let isCalm = false;
      const names = Array.from({ length: repositories }, (_, index) => `app-${index}`);
      const fate = {
        ...createFate(random, () => isCalm),
        isLost: () => false,
        // Many runs have more to do than one function has time for.
        pushTime: () => (!isCalm && random() < 0.6 ? random() * 14 * minute : 2 * second),
      };
      const fleet = createFleet({ names, refs, fate, concurrency: 2 });
      const { clock, queue } = fleet;
      for (let index = 0; index < pushes; index += 1)
        clock.at(start + random() * hour, () =>
          fleet.push(names[Math.floor(random() * repositories)] ?? '', Math.floor(random() * refs)),
        );
      await clock.runUntil(start + hour + 11 * minute);
      isCalm = true;
      await clock.runUntil(start + 3 * hour);
      const dead = new Set(queue.dead.flatMap((each) => ('place' in each ? [each.place.path] : [])));
      for (const { name, destination, source } of fleet.repositories)
        if (!dead.has(name)) expect(destination).toEqual(source);
      expect(queue.stored).toEqual([]);
      expect(dead.size).toBeLessThanOrEqual(1);
    }),
    { numRuns: 25, seed: 20261126 },
  );
});
