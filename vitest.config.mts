import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They build the image, which not every machine can: `npm run test:image`.
    exclude: [...configDefaults.exclude, 'test/image/**'],
    // The end-to-end cases start processes and servers: seconds, not milliseconds, on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
