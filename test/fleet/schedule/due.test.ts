import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { planLookAfterHook, planNextLook } from '../../../src/fleet/schedule/due';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** What a quiet repository waits for, so that with jitter it is a day at most. */
const quietDay = day / 1.1;
const now = 1_780_000_000_000;

/** Without jitter. */
const middle = () => 0.5;

describe('the next look', () => {
  test.each([
    ['a repository that has just changed', 0, 0, 5 * minute],
    ['one that changed ten minutes ago', 10 * minute, 0, 5 * minute],
    ['one that changed an hour ago', hour, 0, 30 * minute],
    ['one that changed yesterday', day, 0, 12 * hour],
    ['one that is quiet for a week', 7 * day, 0, quietDay],
    ['one that never changed', undefined, 0, quietDay],
    ['one that fails', hour, 1, minute],
    ['one that fails again', hour, 2, 2 * minute],
    ['one that failed six times', hour, 6, 32 * minute],
    ['one that failed ten times', hour, 10, 8 * hour],
    ['one that failed a million times', hour, 1_000_000, 8 * hour],
  ])('at %s', (_name, quiet, failures, expected) => {
    const changedAt = quiet === undefined ? undefined : now - quiet;
    expect(planNextLook({ lookedAt: now, changedAt, failures }, middle)).toBe(now + expected);
  });

  it('is at once at one that was never looked at', () => {
    expect(planNextLook({ lookedAt: undefined, changedAt: undefined, failures: 3 }, middle)).toBe(0);
  });

  it('comes again after the hour in which GitLab says nothing of a second push', () => {
    const facts = { changedAt: now - 7 * day, failures: 0, host: 'gitlab' as const };
    expect(planNextLook({ ...facts, lookedAt: now, hintedAt: now - minute }, middle)).toBe(now + 59 * minute);
    expect(planNextLook({ ...facts, lookedAt: now + hour, hintedAt: now }, middle)).toBe(
      now + hour + quietDay,
    );
    const github = { ...facts, host: 'github' as const, lookedAt: now, hintedAt: now };
    expect(planNextLook(github, middle)).toBe(now + quietDay);
  });

  it('after a webhook is repeated twice', () => {
    expect([0, 1, 2, 3].map(planLookAfterHook)).toEqual([0, 15_000, 60_000, undefined]);
  });

  const facts = fc.record({
    lookedAt: fc.integer({ min: now - 10 * day, max: now }),
    changedAt: fc.option(fc.integer({ min: 0, max: now + day }), { nil: undefined }),
    failures: fc.oneof(fc.constant(0), fc.nat(2000)),
    hintedAt: fc.option(fc.integer({ min: now - 10 * day, max: now }), { nil: undefined }),
    host: fc.constantFrom('gitlab' as const, 'github' as const, undefined),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('is at least once a day, and never off', () => {
    fc.assert(
      fc.property(facts, random, (each, number) => {
        const wait = planNextLook(each, () => number) - each.lookedAt;
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThanOrEqual(day + 1);
        if (each.failures > 0) expect(wait).toBeLessThanOrEqual(8.8 * hour);
      }),
    );
  });

  it('is not sooner than the shortest interval, but for what failed and what GitLab hides', () => {
    fc.assert(
      fc.property(facts, random, (each, number) => {
        if (each.failures > 0 || each.host === 'gitlab') return;
        const wait = planNextLook(each, () => number) - each.lookedAt;
        expect(wait).toBeGreaterThanOrEqual(4.5 * minute);
      }),
    );
  });

  it('is later the longer a repository is quiet, and the more often it failed', () => {
    fc.assert(
      fc.property(fc.nat(10 * day), fc.nat(10 * day), fc.nat(50), (quiet, more, failures) => {
        const waitOf = (age: number, failed: number) =>
          planNextLook({ lookedAt: now, changedAt: now - age, failures: failed }, middle);
        expect(waitOf(quiet + more, 0)).toBeGreaterThanOrEqual(waitOf(quiet, 0));
        expect(waitOf(quiet, failures + 2)).toBeGreaterThanOrEqual(waitOf(quiet, failures + 1));
      }),
    );
  });

  it('of many that began together is spread', () => {
    const waits = Array.from({ length: 100 }, (_, index) =>
      planNextLook({ lookedAt: now, changedAt: now - 10 * hour, failures: 0 }, () => index / 100),
    );
    expect(new Set(waits).size).toBe(100);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(50 * minute);
  });
});
