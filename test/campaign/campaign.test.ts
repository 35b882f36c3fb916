import { expect, test } from 'vitest';
import { runCampaign } from './campaign';

test('25 runs amid faults break no promise, and end as promised', { timeout: 300_000 }, async () => {
  const { failed, runs } = await runCampaign(25, 1, new AbortController().signal);
  expect(failed.map(({ seed, violations, story }) => ({ seed, violations, story }))).toEqual([]);
  expect(runs).toBe(25);
});
