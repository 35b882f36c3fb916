import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Message, toGroup } from '../../src/fleet/aws/resources/message';
import { createKeyPair } from '../../src/sandbox/server';
import { type AwsWorld, openAwsWorld, toPlace } from '../fleet/aws/world';
import { openFolder } from '../servers/folder';
import { grow, readRefs, run } from '../servers/git';
import { type FunctionRuntimeApi, openRuntimeApi } from '../servers/lambda/runtimeApi';
import { openSshd, sshdAvailable } from '../servers/sshd';

const image = `localhost/codecommit-mirror-lambda-test:${process.pid}`;
const root = resolve(import.meta.dirname, '../..');

beforeAll(async () => {
  const options = ['--isolation=chroot', '--network=host', '--pull=false', '--format=docker'];
  const target = ['--target', 'lambda', '--build-arg', 'NODE_IMAGE=node:24-trixie-slim'];
  const built = await run('buildah', root, ['bud', ...options, ...target, '--tag', image, '.']);
  if (built.exitCode !== 0) throw new Error(`buildah: exit ${built.exitCode}\n${built.stderr}`);
});

afterAll(async () => {
  await run('podman', root, ['rmi', '--force', image]);
});

interface Sandboxed extends AsyncDisposable {
  readonly api: FunctionRuntimeApi;
  output(): string;
}

/** Starts the image as Lambda does: its own user, nothing to write to but 512 MB in /tmp, no capability. */
async function startSandbox(
  user: string,
  env: Readonly<Record<string, string>>,
  volumes: readonly string[],
): Promise<Sandboxed> {
  const api = await openRuntimeApi();
  const name = `codecommit-mirror-lambda-${randomUUID()}`;
  const limits = [
    '--read-only',
    '--read-only-tmpfs=false',
    '--tmpfs=/tmp:size=512m,mode=1777',
    '--cap-drop=all',
  ];
  const own = ['--rm', `--name=${name}`, '--network=host', `--user=${user}`, '--ulimit=nofile=1024:1024'];
  const variables = { ...env, AWS_LAMBDA_RUNTIME_API: api.address, TMPDIR: '/tmp', HOME: '/home/nobody' };
  const options = [
    ...limits,
    ...own,
    '--ulimit=nproc=1000:1000',
    ...volumes.map((volume) => `--volume=${volume}:${volume}:ro`),
    ...Object.entries(variables).map(([key, value]) => `--env=${key}=${value}`),
  ];
  const child = spawn('podman', ['--runtime=runc', 'run', ...options, image, 'mirror']);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  child.on('exit', (code) => api.fail(`the container has ended with ${code}:\n${output}`));
  return {
    api,
    output: () => output,
    async [Symbol.asyncDispose]() {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      await run('podman', '/', ['kill', '--signal=KILL', name]);
      await ended;
      await api[Symbol.asyncDispose]();
    },
  };
}

async function ask({ queue }: AwsWorld): Promise<void> {
  const message: Message = {
    version: 1,
    place: toPlace('app'),
    reason: 'asked',
    id: randomUUID(),
    continued: 0,
  };
  await queue.send(JSON.stringify(message), toGroup(message.place), message.id);
}

// 993 is Lambda's today; 54321 has no entry in /etc/passwd.
test.each(['993:990', '54321:54321'])(
  'as user %s: from CodeCommit to a host with a token, over HTTPS',
  async (user) => {
    await using world = await openAwsWorld();
    const { source, destination } = await world.createPair('app');
    await using sandbox = await startSandbox(user, world.env, [world.env['SSL_CERT_FILE'] ?? '']);
    for (let step = 0; step < 2; step += 1) {
      await grow(source, 'main', { count: 3 });
      await ask(world);
      await world.queue.drain(sandbox.api);
      expect([await readRefs(destination), sandbox.output()]).toEqual([
        await readRefs(source),
        sandbox.output(),
      ]);
    }
  },
);

test.runIf(sshdAvailable())('as user 993: from CodeCommit to a host over SSH', async () => {
  await using world = await openAwsWorld();
  await using folder = await openFolder();
  const { source } = await world.createPair('app');
  const repositories = join(folder.path, 'repositories');
  await mkdir(repositories);
  const key = createKeyPair();
  await using host = await openSshd({ root: repositories, keys: [key.publicKey] });
  const destination = await host.createRepository('app');
  await world.putSecret(JSON.stringify({ privateKey: key.privateKey, knownHosts: host.knownHosts }));
  const env = { ...world.env, DESTINATION_URL: host.url('{name}') };
  await using sandbox = await startSandbox('993:990', env, [world.env['SSL_CERT_FILE'] ?? '']);
  await grow(source, 'main', { count: 3 });
  await ask(world);
  await world.queue.drain(sandbox.api);
  expect([await readRefs(destination), sandbox.output()]).toEqual([await readRefs(source), sandbox.output()]);
  expect(sandbox.output()).not.toContain('PRIVATE KEY');
});
