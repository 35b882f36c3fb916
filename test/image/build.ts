import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { run } from '../servers/git';

declare module 'vitest' {
  interface ProvidedContext {
    /** The name of the image under test. */
    image: string;
  }
}

/** An image on this machine. Disposing of it removes it. */
export interface BuiltImage extends AsyncDisposable {
  readonly name: string;
}

/** Builds the image from the Dockerfile, as `docker build .` does. */
export async function buildImage(): Promise<BuiltImage> {
  const name = `localhost/codecommit-mirror-test:${process.pid}`;
  const root = resolve();
  // Without a Docker engine: no namespaces of its own for the build; base images only where this machine has none.
  const options = ['--isolation=chroot', '--network=host', '--pull=false', '--format=docker'];
  // Any Node 24 that this machine has: what is tested is the rest.
  const base = ['--build-arg', 'NODE_IMAGE=node:24-trixie-slim'];
  const built = await run('buildah', root, ['bud', ...options, ...base, '--tag', name, '.']);
  if (built.exitCode !== 0) throw new Error(`buildah: exit ${built.exitCode}\n${built.stderr}`);
  return {
    name,
    async [Symbol.asyncDispose]() {
      await run('podman', root, ['rmi', '--force', name]);
    },
  };
}

/** One image for all test files. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const image = await buildImage();
  project.provide('image', image.name);
  return async () => await image[Symbol.asyncDispose]();
}
