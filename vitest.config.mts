import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They build the image, which not every machine can, or download every Node: `npm run test:image`, `test:node`.
    exclude: [...configDefaults.exclude, 'test/image/**', 'test/node/**'],
    globalSetup: 'test/prepare.ts',
    tags: [{ name: 'slow', description: 'Not in `npm test`: `npm run test:all` runs it.' }],
    // No test decides by the clock. This ends one that hangs, on the busiest of machines.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 3,
    // What a file imports is loaded once a worker.
    isolate: false,
  },
});
