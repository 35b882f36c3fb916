import { expect, test } from 'vitest';
import { runWorlds } from './campaign';

/** Two hundred worlds, ten on each machine. */
const machines = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(machines)(
  'machine %d: no promise is broken, and after one quiet cycle every mirror equals its source',
  { tags: ['slow'] },
  async (seed) => {
    await expect(runWorlds(seed, 10)).resolves.toBeUndefined();
  },
);
