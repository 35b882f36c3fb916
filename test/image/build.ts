import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { run } from '../servers/git';

declare module 'vitest' {
  interface ProvidedContext {
    /** The name of the image under test. */
    image: string;
  }
}

/** Builds the image from the Dockerfile, as `docker build .` does, for all test files; removes it when they have ended. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const image = `localhost/codecommit-mirror-test:${process.pid}`;
  const root = resolve(import.meta.dirname, '../..');
  // Without a Docker engine: no namespaces of its own for the build; base images only where this machine has none.
  const options = ['--isolation=chroot', '--network=host', '--pull=false', '--format=docker'];
  // Any Node 24 that this machine has: what is tested is the rest.
  const base = ['--build-arg', 'NODE_IMAGE=node:24-trixie-slim'];
  const built = await run('buildah', root, ['bud', ...options, ...base, '--tag', image, '.']);
  if (built.exitCode !== 0) throw new Error(`buildah: exit ${built.exitCode}\n${built.stderr}`);
  project.provide('image', image);
  return async () => {
    await run('podman', root, ['rmi', '--force', image]);
  };
}
