import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They build the image, which not every machine can, or download every Node: `npm run test:image`, `test:node`.
    exclude: [...configDefaults.exclude, 'test/image/**', 'test/node/**'],
    // The end-to-end cases start processes and servers: seconds, not milliseconds, on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
