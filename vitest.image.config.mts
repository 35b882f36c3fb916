import { defineConfig } from 'vitest/config';

/** The image's own tests: they need root, podman, buildah and runc, and so are not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/image/**/*.test.ts'],
    globalSetup: ['test/prepare.ts', 'test/image/build.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
});
