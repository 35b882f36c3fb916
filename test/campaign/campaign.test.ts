import { expect, test } from 'vitest';
import { runCampaign } from './campaign';

async function expectPromisesKept(runs: number, seed: number): Promise<void> {
  const { failed, ...figures } = await runCampaign(runs, seed, new AbortController().signal);
  expect(failed.map(({ seed, violations, story }) => ({ seed, violations, story }))).toEqual([]);
  expect(figures.runs).toBe(runs);
}

test('25 runs amid faults break no promise, and end as promised', () => expectPromisesKept(25, 1));

test('25 more runs amid faults', { tags: ['slow'] }, () => expectPromisesKept(25, 26));
