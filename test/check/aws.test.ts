// @module-tag slow
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckAccount, openCheckWorld } from '../e2e/checkWorld';
import { openNamingProxy } from '../servers/namingProxy';

test('AWS is asked through HTTPS_PROXY, and trusted by NODE_EXTRA_CA_CERTS', async () => {
  await using place = await openCheckWorld();
  await using account = await openCheckAccount(place.world);
  await using there = await openNamingProxy({ 'aws.example': account.aws.url });
  const authority = join(place.world.root, 'authority.pem');
  await writeFile(authority, there.authority);
  const variables = { ...account.variables, AWS_ENDPOINT_URL: 'https://aws.example', HTTPS_PROXY: there.url };
  const { states } = await place.states({ ...variables, NODE_EXTRA_CA_CERTS: authority });
  expect(states).toMatchObject({ 'key at IAM': 'ok', policy: 'ok', differences: 'ok' });
  expect(new Set(there.asked)).toEqual(new Set(['aws.example:443']));

  const untrusted = await place.check(variables);
  expect(untrusted.exitCode).toBe(0);
  expect(untrusted.output).toMatch(/– key at IAM: .*self-signed certificate/);
  there.asked.length = 0;
  await place.states({ ...variables, NO_PROXY: 'aws.example', NODE_EXTRA_CA_CERTS: authority });
  expect(there.asked).toEqual([]);
});

describe('credentials of a profile', () => {
  const config = (keys: Readonly<Record<string, string>>, name: string) =>
    `[${name}]\naws_access_key_id = ${keys['AWS_ACCESS_KEY_ID']}\naws_secret_access_key = ${keys['AWS_SECRET_ACCESS_KEY']}\n`;

  const noKeys = {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_SESSION_TOKEN: undefined,
  };

  async function openProfiles(server: 'sandbox' | 'https') {
    const place = await openCheckWorld(server);
    const account = await openCheckAccount(place.world);
    const file = join(place.world.root, 'credentials');
    const write = (text: string) => writeFile(file, text);
    return {
      place,
      account,
      write,
      profiles: { ...noKeys, AWS_SHARED_CREDENTIALS_FILE: file, AWS_EC2_METADATA_DISABLED: 'true' },
      async [Symbol.asyncDispose]() {
        await account[Symbol.asyncDispose]();
        await place[Symbol.asyncDispose]();
      },
    };
  }

  test('of --profile, IAM is asked over SSH too', async () => {
    await using site = await openProfiles('sandbox');
    const { place, account } = site;
    await site.write(config(account.aws.env, 'work'));
    const { exitCode, output } = await place.check({ ...account.variables, ...site.profiles }, [
      '--profile',
      'work',
    ]);
    expect(output).toMatch(/^✔ key at IAM: active, of the user mirror$/m);
    expect(exitCode).toBe(0);
    const without = await place.check({ ...account.variables, ...site.profiles, AWS_PROFILE: 'work' });
    expect(without.output).not.toContain('key at IAM');
  });

  test.each([
    ['--profile', ['--profile', 'work'], {}],
    ['AWS_PROFILE', [], { AWS_PROFILE: 'work' }],
    ['the default profile', [], {}],
  ] as const)('of %s, a check goes over HTTPS', async (what, flags, env) => {
    await using site = await openProfiles('https');
    const { place } = site;
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = place.world.variables;
    const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    await site.write(config(keys, what === 'the default profile' ? 'default' : 'work'));
    // IAM is away: the mirror does not need it.
    const aws = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const { exitCode, output } = await place.check({ ...aws, ...site.profiles, ...env }, flags);
    expect(output).toMatch(/^✔ right to push/m);
    expect(output).not.toContain(AWS_SECRET_ACCESS_KEY);
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  });

  test('a profile that is not there is named', async () => {
    await using site = await openProfiles('https');
    const ended = await site.place.check(site.profiles, ['--profile', 'nope']);
    expect(ended.exitCode).toBe(2);
    expect(ended.output).toContain('The AWS profile "nope" provides no credentials');
    expect(ended.output).toContain('aws sso login --profile nope');
  });
});
