import { test } from 'vitest';
import { runWorld } from './world';

test.each([1, 2, 3, 4, 5])(
  'world %d: no promise is broken, and in the end every mirror equals its source',
  { tags: ['slow'] },
  (seed) => runWorld(seed),
);
