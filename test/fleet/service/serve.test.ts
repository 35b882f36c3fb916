import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { deliver } from '../../../src/sandbox/hosts/deliver';
import { git, grow, readRefs } from '../../servers/git';
import type { FleetHosts } from '../command/fleetHosts';
import { act, openServed, type Served, until } from './served';

async function isEqual(hosts: FleetHosts, name: string): Promise<boolean> {
  const source = hosts.github.repositories.find('acme', name);
  const mirror = await hosts.mirrorOf(name);
  if (source === undefined || mirror === undefined) return false;
  return isDeepStrictEqual(
    await readRefs(mirror),
    await readRefs(await hosts.github.repositories.path(source)),
  );
}

const secret = 'a-secret-of-webhooks-with-enough-characters';

/** A push event as GitHub sends it. */
async function sendHook({ hooks, hosts }: Served, name: string, signedWith = secret): Promise<number> {
  const repository = hosts.github.repositories.find('acme', name) ?? fail();
  return await deliver('github', { url: `${hooks}/hooks/acme`, secret: signedWith }, 'push', repository);
}

test('what is there is mirrored, a push is mirrored when its webhook comes, and SIGTERM ends it', async () => {
  await using served = await openServed(async (hosts) => {
    await hosts.add('app', 'main');
    await hosts.add('lib', 'main', 'other');
    await writeFile(join(hosts.root, 'work/mirrors.hooks-secret'), `${secret}\n`);
  });
  const { hosts } = served;
  for (const name of ['app', 'lib']) await until(() => isEqual(hosts, name));

  const app = await hosts.github.repositories.path(hosts.github.repositories.find('acme', 'app') ?? fail());
  await grow(app, 'main');
  await git(app, 'branch', 'new', 'main');
  expect(await sendHook(served, 'app', 'another-secret-that-is-long-enough-too')).toBe(401);
  expect(await sendHook(served, 'app')).toBe(202);
  await until(() => isEqual(hosts, 'app'));

  expect(await served.stop()).toBe(0);
  expect(await readdir(join(hosts.root, 'tmp'))).toEqual([]);
  expect(served.output()).not.toContain(secret);
  const status = await hosts.fleet('status');
  expect(status.output).toContain('2 repositories: 2 equal.');
});

function fail(): never {
  throw new Error('no such repository');
}

test('while its secret is replaced both are valid; what is unsigned, unknown, too large or repeated does no harm', async () => {
  const [fresh, old] = [`${secret}-fresh`, `${secret}-old`];
  await using served = await openServed(async (hosts) => {
    await hosts.add('app', 'main');
    await writeFile(join(hosts.root, 'work/mirrors.hooks-secret'), `${fresh}\n${old}\n`);
  });
  const { hosts, hooks } = served;
  await until(() => isEqual(hosts, 'app'));
  const stored = hosts.github.repositories.find('acme', 'app') ?? fail();
  const app = await hosts.github.repositories.path(stored);
  for (const signedWith of [fresh, old]) {
    await grow(app, 'main');
    expect(await sendHook(served, 'app', signedWith)).toBe(202);
    await until(() => isEqual(hosts, 'app'));
  }
  expect(await sendHook(served, 'app', secret)).toBe(401);

  // The secret before is withdrawn while the service runs.
  await writeFile(join(hosts.root, 'work/mirrors.hooks-secret'), `${fresh}\n`);
  expect(await sendHook(served, 'app', old)).toBe(401);
  const before = await readRefs((await hosts.mirrorOf('app')) ?? '');
  for (let count = 0; count < 10; count++) expect(await sendHook(served, 'app', fresh)).toBe(202);
  const target = { url: `${hooks}/hooks/acme`, secret: fresh };
  expect(await deliver('github', target, 'push', { ...stored, id: 999_999 })).toBe(202);
  expect(await deliver('github', { ...target, url: `${hooks}/hooks/other` }, 'push', stored)).toBe(404);
  expect((await fetch(`${hooks}/hooks/acme`)).status).toBe(405);
  expect((await fetch(`${hooks}/metrics`)).status).toBe(404);
  const large = { method: 'POST', body: Buffer.alloc(25 * 2 ** 20 + 1) };
  expect((await fetch(`${hooks}/hooks/acme`, large)).status).toBe(413);
  expect(await readRefs((await hosts.mirrorOf('app')) ?? '')).toEqual(before);
  expect(hosts.gitlab.repositories.all).toHaveLength(1);
  expect(await served.stop()).toBe(0);
});

test('SIGTERM ends it also where a host never answers, and the next start goes on', {
  tags: ['slow'],
}, async () => {
  await using served = await openServed((hosts) => hosts.add('app', 'main'));
  const { hosts } = served;
  await until(() => isEqual(hosts, 'app'));
  hosts.github.faults.push({ when: /\/repositories\//, hangs: true });
  const stored = hosts.github.repositories.find('acme', 'app') ?? fail();
  const identity = `${new URL(hosts.github.url).host}#${stored.id}`;
  await act(served, 'mirror', { repository: `acme ${identity}` });
  await until(async () => (await (await fetch(served.page)).text()).includes('state mirroring">'));
  expect(await served.stop()).toBe(0);
  expect(await readdir(join(hosts.root, 'tmp'))).toEqual([]);
  hosts.github.faults.length = 0;
  await grow(await hosts.github.repositories.path(stored), 'main');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  expect(await isEqual(hosts, 'app')).toBe(true);
});

test('a service whose state another process has taken over ends, and says so', async () => {
  await using served = await openServed((hosts) => hosts.add('app', 'main'));
  const { hosts } = served;
  await until(() => isEqual(hosts, 'app'));
  const lock = join(hosts.root, 'work/mirrors.state/state.lock');
  const holder = await readFile(lock, 'utf8');
  await rm(lock);
  await writeFile(lock, holder);
  // The service may notice before it is asked.
  await act(served, 'check-all').catch(() => undefined);
  expect(await served.ended()).toBe(1);
  expect(served.output()).toContain('was taken over by another process');
  expect(await readFile(lock, 'utf8')).toBe(holder);
});

test('the page shows and does: mirror now, pause, resume, stop all', async () => {
  await using served = await openServed((hosts) => hosts.add('app', 'main'));
  const { hosts, page } = served;
  const stored = hosts.github.repositories.find('acme', 'app') ?? fail();
  const app = await hosts.github.repositories.path(stored);
  await until(() => isEqual(hosts, 'app'));
  await until(async () => (await (await fetch(page)).text()).includes('state equal">equal<'));

  const identity = `${new URL(hosts.github.url).host}#${stored.id}`;
  const fields = { repository: `acme ${identity}` };
  expect((await act(served, 'pause', fields)).status).toBe(303);
  expect(await (await fetch(page)).text()).toContain('state paused">paused<');
  expect((await act(served, 'resume', fields)).status).toBe(303);
  await grow(app, 'main');
  expect((await act(served, 'mirror', fields)).status).toBe(303);
  await until(() => isEqual(hosts, 'app'));
  await until(async () => (await (await fetch(page)).text()).includes('state equal">equal<'));

  const detail = await (
    await fetch(`${page}/repository?${new URLSearchParams({ mirror: 'acme', identity })}`)
  ).text();
  expect(detail).toContain('a person asked');
  const log = /\/log\?[^"]+/.exec(detail)?.[0].replaceAll('&#38;', '&') ?? '';
  expect(await (await fetch(page + log)).text()).toContain('Log of a run');

  expect((await act(served, 'stop-all')).status).toBe(303);
  expect((await act(served, 'mirror', fields)).status).toBe(409);
  expect((await act(served, 'resume-all')).status).toBe(303);
  const metrics = await (await fetch(`${page}/metrics`)).text();
  expect(metrics).toContain('codecommit_mirror_repositories{state="equal"} 1');
  expect((await fetch(`${page}/healthz`)).status).toBe(200);
  expect(await statusUnder(page, 'evil.example:8080')).toBe(421);
});

/** The status of the page for a browser that was led to this machine by another name. */
async function statusUnder(page: string, host: string): Promise<number | undefined> {
  return await new Promise((done, failed) => {
    get(page, { headers: { host } }, (response) => done(response.resume().statusCode)).on('error', failed);
  });
}

test('a form from elsewhere changes nothing, and a page for others asks for a token', async () => {
  await using served = await openServed((hosts) => hosts.add('app', 'main'), {
    env: { FLEET_TOKEN: 'a-token-for-the-page-0123456789' },
  });
  const { page } = served;
  const body = new URLSearchParams({ csrf: 'x'.repeat(43) });
  const foreign = await fetch(`${page}/stop-all`, { method: 'POST', body, redirect: 'manual' });
  expect(foreign.status).toBe(403);
  const closed = await fetch(page);
  expect([closed.status, await closed.text()]).toEqual([401, expect.stringContaining('Log in')]);
  expect((await fetch(`${page}/metrics`)).status).toBe(401);
  const withBearer = (token: string) =>
    fetch(`${page}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect((await withBearer('a-token-for-the-page-0123456789')).status).toBe(200);
  expect((await withBearer('a-token-for-the-page-012345678')).status).toBe(401);
  const wrong = await act(served, 'login', { token: 'not-the-token-of-the-page' });
  expect(wrong.status).toBe(401);
  const right = await act(served, 'login', { token: 'a-token-for-the-page-0123456789' });
  expect(right.status).toBe(303);
  const cookie = right.headers.getSetCookie()[0] ?? '';
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  const open = await fetch(page, { headers: { cookie: cookie.split(';')[0] ?? '' } });
  expect(open.status).toBe(200);
  expect(open.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(served.output()).not.toContain('a-token-for-the-page');
});

test('on another address than this machine it needs a token', async () => {
  const { openFleetHosts } = await import('../command/fleetHosts');
  await using hosts = await openFleetHosts();
  const refused = await hosts.fleet('serve', '--address', '0.0.0.0', '--port', '0');
  expect([refused.exitCode, refused.output]).toEqual([
    2,
    expect.stringContaining('there is no token for it'),
  ]);
});

test('webhooks are installed with a secret of their own, listed, and removed', async () => {
  const { openFleetHosts, sourceToken } = await import('../command/fleetHosts');
  await using hosts = await openFleetHosts();
  hosts.github.tokens.set(sourceToken, { user: 'bot', scopes: ['repo', 'read:org', 'admin:org_hook'] });
  const url = ['--url', 'https://hooks.example.com'];
  const installed = await hosts.fleet('hooks', 'install', ...url);
  expect([installed.exitCode, installed.output]).toEqual([0, expect.stringContaining('webhook created')]);
  const secrets = await readFile(join(hosts.root, 'work/mirrors.hooks-secret'), 'utf8');
  expect(secrets).toMatch(/^[0-9a-f]{64}\n$/);
  expect(installed.output).not.toContain(secrets.trim());
  await hosts.fleet('hooks', 'install', ...url, '--replace-secret');
  expect(await readFile(join(hosts.root, 'work/mirrors.hooks-secret'), 'utf8')).toMatch(
    new RegExp(`^[0-9a-f]{64}\\n${secrets}$`),
  );
  expect((await hosts.fleet('hooks', 'list', ...url)).output).toContain(
    '1 webhooks to https://hooks.example.com/hooks/acme',
  );
  expect((await hosts.fleet('hooks', 'remove', ...url)).output).toContain('1 webhooks removed');
});
