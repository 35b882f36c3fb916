import { defineConfig } from 'vitest/config';

/** The image's own tests: they need root, podman, buildah and runc, and so are not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/image/**/*.test.ts'],
    globalSetup: 'test/image/build.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
