import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBitbucketCloud } from '../../../src/fleet/hosts/bitbucketCloud';
import { openBitbucketDataCenter } from '../../../src/fleet/hosts/bitbucketDataCenter';
import { openGithub } from '../../../src/fleet/hosts/github';
import { openGitlab } from '../../../src/fleet/hosts/gitlab';
import { openBitbucketCloudServer } from '../../../src/sandbox/hosts/bitbucketCloud';
import { openBitbucketDataCenterServer } from '../../../src/sandbox/hosts/bitbucketDataCenter';
import { openGithubServer } from '../../../src/sandbox/hosts/github';
import { openGitlabServer } from '../../../src/sandbox/hosts/gitlab';
import { listenOnLoopback } from '../../../src/sandbox/loopback';
import { createContext, failureOf, listAll, type TestContext } from './context';
import { type Rig, rigs, tokenText } from './rigs';

describe.each(rigs)('a token of %s', (_name, openRig) => {
  let rig: Rig;
  let context: TestContext;
  beforeEach(async () => {
    rig = await openRig();
    context = createContext();
    rig.add('app');
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  it('that is unknown is refused, once: what follows is not asked any more', async () => {
    const host = rig.open(context, { token: 'another-token-0123456789' });
    const failure = await failureOf(listAll(host));
    expect(failure.code).toBe('fleet-token-refused');
    expect(failure.message).toContain('401');
    expect(failure.message + failure.remedy).not.toContain('another-token');
    const asked = rig.server.requests.length;
    expect(asked).toBe(1);
    expect(await failureOf(host.find(`${host.authority}#1`))).toBe(failure);
    expect(await failureOf(host.create({ name: 'new', description: '' }))).toBe(failure);
    expect(rig.server.requests).toHaveLength(asked);
  });

  it('that has expired is refused', async () => {
    rig.token.isExpired = true;
    const failure = await failureOf(listAll(rig.open(context)));
    expect(failure.code).toBe('fleet-token-refused');
    expect(context.waits).toEqual([]);
  });

  it('that lacks a permission: the call is refused, and the message says what it needs', async () => {
    rig.token.scopes = ['read_api', 'read:org', 'read:repository:bitbucket'];
    const host = rig.open(context);
    expect(await listAll(host)).toHaveLength(1);
    const failure = await failureOf(host.create({ name: 'new', description: '' }));
    expect(failure.code).toBe('fleet-not-permitted');
    expect(failure.remedy).toMatch(/"repo"|"api"|admin/i);
    // The token serves for the rest.
    expect(await listAll(host)).toHaveLength(1);
  });

  it('that may not see the owner: an error of its own', async () => {
    rig.server.faults.push({ when: rig.list, status: 403 });
    expect((await failureOf(listAll(rig.open(context)))).code).toBe('fleet-not-permitted');
  });
});

describe('tokens', () => {
  it('GitHub: a replaced one is used from then on', async () => {
    await using server = await openGithubServer();
    let token = 'old';
    const settings = { url: server.url, owner: 'acme', readToken: async () => token };
    const host = openGithub(settings, createContext());
    expect((await failureOf(listAll(host))).code).toBe('fleet-token-refused');
    server.tokens.set('new', { user: 'bot', scopes: ['repo'] });
    token = 'new';
    expect(await listAll(host)).toEqual([]);
    expect(await host.login()).toEqual({ kind: 'password', username: 'x-access-token', password: 'new' });
  });

  it('GitHub: one that lacks the scope of a listing is refused as a whole', async () => {
    await using server = await openGithubServer();
    server.tokens.set(tokenText, { user: 'bot', scopes: ['gist'] });
    const host = openGithub(
      { url: server.url, owner: 'acme', readToken: async () => tokenText },
      createContext(),
    );
    const failure = await failureOf(listAll(host));
    expect(failure.code).toBe('fleet-token-refused');
    expect(failure.message).toContain('"gist"');
    expect(failure.message).toContain('"repo, read:org"');
  });

  it.each(['required', 'partial'] as const)('GitHub: single sign-on, %s: never a short list', async (sso) => {
    await using server = await openGithubServer();
    for (const name of ['one', 'two']) server.repositories.add({ owner: 'acme', name });
    server.tokens.set(tokenText, { user: 'bot', scopes: ['repo'], sso });
    const host = openGithub(
      { url: server.url, owner: 'acme', readToken: async () => tokenText },
      createContext(),
    );
    const failure = await failureOf(listAll(host));
    expect(failure.code).toBe('fleet-token-refused');
    expect(failure.message).toContain(
      sso === 'required' ? 'https://github.com/orgs/acme/sso' : 'partial-results',
    );
  });

  it('GitLab: one that lacks the scope says which', async () => {
    await using server = await openGitlabServer();
    server.tokens.set(tokenText, { user: 'bot', scopes: ['read_user'] });
    const settings = { url: server.url, owner: { group: 'acme' }, readToken: async () => tokenText };
    const failure = await failureOf(listAll(openGitlab(settings, createContext())));
    expect(failure.code).toBe('fleet-token-refused');
    expect(failure.message).toContain('insufficient_scope');
  });

  it('Bitbucket Cloud: an API token goes with its address, and has its own user name for git', async () => {
    await using server = await openBitbucketCloudServer();
    server.repositories.add({ owner: 'acme', name: 'app' });
    server.tokens.set(tokenText, { user: 'ada@example.com', scopes: ['read:repository:bitbucket'] });
    const settings = { url: server.url, workspace: 'acme', readToken: async () => tokenText };
    const host = openBitbucketCloud({ ...settings, email: 'ada@example.com' }, createContext());
    expect(await listAll(host)).toHaveLength(1);
    const login = { kind: 'password', username: 'x-bitbucket-api-token-auth', password: tokenText };
    expect(await host.login()).toEqual(login);
    const asAccessToken = openBitbucketCloud(settings, createContext());
    expect((await failureOf(listAll(asAccessToken))).code).toBe('fleet-token-refused');
  });

  it('Bitbucket Cloud: one that lacks the scope says which; an app password is one that ended', async () => {
    await using server = await openBitbucketCloudServer();
    server.tokens.set(tokenText, { user: 'token', scopes: ['read:pipeline:bitbucket'] });
    const open = () =>
      openBitbucketCloud(
        { url: server.url, workspace: 'acme', readToken: async () => tokenText },
        createContext(),
      );
    const failure = await failureOf(listAll(open()));
    expect(failure.code).toBe('fleet-token-refused');
    expect(failure.message).toContain('read:repository:bitbucket');
    const body = {
      type: 'error',
      error: { message: 'App passwords are no longer supported', detail: 'Use API tokens.' },
    };
    server.faults.push({ status: 410, body });
    expect((await failureOf(listAll(open()))).code).toBe('fleet-token-refused');
  });

  it('Data Center: a user name makes it a password', async () => {
    await using server = await openBitbucketDataCenterServer();
    server.passwords.set('ada', 'secret');
    server.tokens.set('ada', { user: 'ada', scopes: [] });
    const settings = { url: server.url, project: 'ACME', readToken: async () => 'secret' };
    const host = openBitbucketDataCenter({ ...settings, user: 'ada' }, createContext());
    expect(await listAll(host)).toEqual([]);
    expect(await host.login()).toEqual({ kind: 'password', username: 'ada', password: 'secret' });
    const asToken = openBitbucketDataCenter(settings, createContext());
    expect((await failureOf(listAll(asToken))).code).toBe('fleet-token-refused');
  });

  it('go to nobody else: neither over a redirect, nor over the link of a next page, nor in clear', async () => {
    await using server = await openGithubServer();
    server.tokens.set(tokenText, { user: 'bot', scopes: ['repo'] });
    const caught: unknown[] = [];
    const stranger = createServer((request, response) => {
      caught.push(request.headers);
      response.end('[]');
    });
    const elsewhere = `http://127.0.0.1:${await listenOnLoopback(stranger)}`;
    const open = (url = server.url) =>
      openGithub({ url, owner: 'acme', readToken: async () => tokenText }, createContext());
    try {
      server.faults.push({ status: 302, headers: { Location: `${elsewhere}/x` } });
      const failure = await failureOf(listAll(open()));
      expect([failure.code, failure.message]).toEqual([
        'fleet-host-failed',
        expect.stringContaining(elsewhere),
      ]);
      const headers = { Link: `<${elsewhere}/api/v3/orgs/acme/repos?page=2>; rel="next"` };
      server.faults.splice(0, 1, { when: /per_page=100/, times: 1, status: 200, body: [], headers });
      expect(await listAll(open())).toEqual([]);
      expect(server.requests.at(-1)).toBe('GET /api/v3/orgs/acme/repos?page=2');
      expect(() => open('http://ghe.example.com')).toThrow('unencrypted');
      expect(caught).toEqual([]);
    } finally {
      stranger.close();
    }
  });
});
