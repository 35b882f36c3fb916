// @module-tag slow
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openNamingProxy } from '../servers/namingProxy';
import { names, openSetupWorld, type SetupWorld, user } from './world';

// Each run makes an RSA key of 4096 bits: seconds, on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** AWS and Bitbucket at names that only the proxy knows. */
async function openNetwork(login?: string) {
  const proxy = await openNamingProxy(
    { 'aws.example': world.aws.url, 'bitbucket.example': new URL(world.api.url).origin },
    login,
  );
  const authority = join(world.root, 'authority.pem');
  await writeFile(authority, proxy.authority);
  const api = `https://bitbucket.example${new URL(world.api.url).pathname}`;
  const env = { AWS_ENDPOINT_URL: 'https://aws.example', AWS_MAX_ATTEMPTS: '1' };
  return {
    asked: proxy.asked,
    setup: (more: Readonly<Record<string, string>>) =>
      world.setup(['--yes', '--bitbucket-api', api], { ...env, ...more }),
    ways: { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: authority },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

function expectNothingMade(): void {
  expect(world.takeWrites()).toEqual([]);
  expect(world.aws.state.users.size).toBe(0);
}

describe('setup behind a proxy', () => {
  it.each([undefined, 'ada:secret-of-proxy'])(
    'reaches AWS and Bitbucket through it alone (login: %s)',
    async (login) => {
      await using network = await openNetwork(login);
      const { exitCode, output } = await network.setup(network.ways);
      expect({ exitCode, output }).toEqual({ exitCode: 0, output });
      expect(new Set(network.asked)).toEqual(new Set(['aws.example:443', 'bitbucket.example:443']));
      expect(world.aws.state.users.get(user)?.keys).toHaveLength(1);
      expect(world.api.state.variables.map(({ key }) => key)).toContain(names.key);
      expect(output).not.toContain('secret-of-proxy');
      // And so does what takes it back.
      const removed = await network.setup({ ...network.ways });
      expect(removed.exitCode).toBe(0);
    },
  );

  it('says what is missing where the proxy inspects TLS, and makes nothing', async () => {
    await using network = await openNetwork();
    const { HTTPS_PROXY } = network.ways;
    const { exitCode, output } = await network.setup({ HTTPS_PROXY });
    expect(exitCode).toBe(1);
    expect(output).toContain('NODE_EXTRA_CA_CERTS');
    expect(output).not.toMatch(/AWS refused|\[internal\]|^ +at .*:\d+/m);
    expectNothingMade();
  });

  it('says that the proxy wants a login, and makes nothing', async () => {
    await using network = await openNetwork('ada:secret-of-proxy');
    const HTTPS_PROXY = network.ways.HTTPS_PROXY.replace('ada:secret-of-proxy@', '');
    const { exitCode, output } = await network.setup({ ...network.ways, HTTPS_PROXY });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/407[\s\S]*\[proxy-refused\]/);
    expect(output).not.toMatch(/AWS refused|credentials|\[internal\]|^ +at .*:\d+/m);
    expectNothingMade();
  });

  it('without it says that AWS is not reached, and makes nothing', async () => {
    await using network = await openNetwork();
    const { exitCode, output } = await network.setup({});
    expect(exitCode).toBe(1);
    expect(output).toMatch(/\[setup-aws-unreachable\]|\[setup-bitbucket-unreachable\]/);
    expect(network.asked).toEqual([]);
    expectNothingMade();
  });
});
