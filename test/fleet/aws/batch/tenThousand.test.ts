import { describe, expect, test } from 'vitest';
import { prices, readDay, subtract, toMonth } from './cost';
import { createFleet, type Fate, start } from './simulatedFleet';

const [minute, hour] = [60_000, 3_600_000];

/** Nothing goes wrong: what is counted is what every day costs. A look takes 1.5 s, and a push 6 s. */
const fate: Fate = {
  isLost: () => false,
  copies: () => 1,
  delay: () => 1_000,
  killAfter: () => undefined,
  isThrottled: () => false,
  failure: () => undefined,
  lookTime: () => 1_500,
  pushTime: () => 6_000,
};

interface Team {
  readonly repositories: number;
  /** Pushes of the second day, in bursts of ten. */
  readonly pushes: number;
}

/** The first day finds every repository; the second one is counted. */
async function liveTwoDays({ repositories, pushes }: Team) {
  const names = Array.from({ length: repositories }, (_, index) => `app-${index}`);
  const fleet = createFleet({ names, refs: 1, fate, concurrency: 20 });
  const { clock } = fleet;
  for (let tick = 0; tick < 48; tick += 1) clock.at(start + tick * hour, () => void fleet.tick());
  const bursts = pushes / 10;
  // In the eight hours that people work, ten pushes to one repository within a few seconds.
  for (let burst = 0; burst < bursts; burst += 1) {
    const begin = start + 32 * hour + Math.floor((burst * 8 * hour) / bursts);
    const name = names[(burst * 7919) % repositories] ?? '';
    for (let push = 0; push < 10; push += 1) clock.at(begin + push * 500, () => fleet.push(name, 0));
  }
  await clock.runUntil(start + 24 * hour - 1);
  const before = readDay(fleet);
  let oldest = 0;
  for (let now = start + 24 * hour; now < start + 48 * hour; now += 5 * minute) {
    await clock.runUntil(now);
    for (const { sentAt } of fleet.queue.stored) oldest = Math.max(oldest, clock.now() - sentAt);
  }
  await clock.runUntil(start + 48 * hour);
  return { fleet, oldest, day: subtract(readDay(fleet), before) };
}

describe('a day, counted:', { tags: ['slow'] }, () => {
  test.each([
    { repositories: 10, pushes: 0, dollars: 10 },
    { repositories: 10, pushes: 50, dollars: 10 },
    { repositories: 1_000, pushes: 0, dollars: 15 },
    { repositories: 1_000, pushes: 5_000, dollars: 30 },
    { repositories: 10_000, pushes: 0, dollars: 60 },
    { repositories: 10_000, pushes: 50_000, dollars: 200 },
  ])('$repositories repositories, $pushes pushes: at most $dollars dollars a month', async (team) => {
    const { fleet, oldest, day } = await liveTwoDays(team);
    for (const { source, destination } of fleet.repositories) expect(destination).toEqual(source);
    expect(fleet.queue.stored).toEqual([]);
    // A push is at the other host within minutes, on the busiest of days.
    expect(oldest).toBeLessThanOrEqual(10 * minute);
    // Every repository is looked at once, and a burst of ten pushes is two runs at most.
    expect(day.runs).toBeGreaterThanOrEqual(team.repositories);
    expect(day.runs).toBeLessThanOrEqual(1.4 * team.repositories + 0.2 * team.pushes + 10);
    const dollars = toMonth(day, prices);
    // biome-ignore lint/suspicious/noConsole: docs/aws.md has these figures.
    console.info(JSON.stringify({ ...team, ...day, perMonth: dollars.toFixed(2) }));
    expect(dollars).toBeLessThanOrEqual(team.dollars);
  });
});
