// @module-tag slow
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckAccount, openCheckWorld } from '../e2e/checkWorld';
import { createCertificate } from '../servers/certificate';
import { listenOnLoopback } from '../servers/loopback';

/** AWS at a name that is nowhere, over TLS, and a proxy on loopback that knows the way. */
async function openProxiedAws(url: string) {
  const certificate = await createCertificate('DNS:aws.example');
  const face = createHttpsServer(certificate, (incoming, response) => {
    const { method, headers } = incoming;
    const outgoing = request(new URL(incoming.url ?? '/', url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  const port = await listenOnLoopback(face);
  const asked: string[] = [];
  const proxy = createHttpServer().on('connect', (incoming, socket) => {
    asked.push(incoming.url ?? '');
    const there = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    there.pipe(socket).pipe(there);
    for (const each of [there, socket]) each.on('error', () => there.destroy());
  });
  return {
    url: 'https://aws.example',
    proxy: `http://127.0.0.1:${await listenOnLoopback(proxy)}`,
    authority: certificate.cert,
    asked,
    async [Symbol.asyncDispose]() {
      face.closeAllConnections();
      face.close();
      proxy.close();
    },
  };
}

test('AWS is asked through HTTPS_PROXY, and trusted by NODE_EXTRA_CA_CERTS', async () => {
  await using place = await openCheckWorld();
  await using account = await openCheckAccount(place.world);
  await using there = await openProxiedAws(account.aws.url);
  const authority = join(place.world.root, 'authority.pem');
  await writeFile(authority, there.authority);
  const variables = { ...account.variables, AWS_ENDPOINT_URL: there.url, HTTPS_PROXY: there.proxy };
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
