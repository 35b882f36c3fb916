import { defineConfig } from 'vitest/config';

/** The package on each Node that it is for. They are downloaded from the npm registry, and so are not part of `npm test`. */
export default defineConfig({
  test: { include: ['test/node/**/*.test.ts'], testTimeout: 300_000, maxWorkers: 1 },
});
