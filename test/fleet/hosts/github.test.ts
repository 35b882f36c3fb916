import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGithub } from '../../../src/fleet/hosts/github';
import { type GithubServer, openGithubServer } from '../../../src/sandbox/hosts/github';
import { createContext, failureOf, listAll } from './context';

let server: GithubServer;
beforeEach(async () => {
  server = await openGithubServer();
  server.repositories.add({ owner: 'ada', name: 'secret' });
  server.repositories.add({ owner: 'ada', name: 'shown', isPrivate: false });
  server.repositories.add({ owner: 'acme', name: 'app' });
});
afterEach(() => server[Symbol.asyncDispose]());

function open(user: string, { owner = 'ada', token = 'ghp_0123456789' } = {}) {
  server.tokens.set(token, { user, scopes: ['repo'] });
  return openGithub({ url: server.url, owner, readToken: async () => token }, createContext());
}
const namesOf = async (...args: Parameters<typeof open>) =>
  (await listAll(open(...args))).map(({ name }) => name);

describe('a user of GitHub', () => {
  it('has all of its repositories for its own token, and the public ones for another', async () => {
    expect(await namesOf('ada')).toEqual(['secret', 'shown']);
    expect(await namesOf('bot')).toEqual(['shown']);
  });

  it('has what an app is installed for', async () => {
    server.repositories.remove(
      server.repositories.find('acme', 'app') ?? server.repositories.add({ owner: 'x', name: 'y' }),
    );
    expect(await namesOf('app', { token: 'ghs_0123456789' })).toEqual(['secret', 'shown']);
  });

  it('gets new repositories by its own token only', async () => {
    await open('ada').create({ name: 'new', description: '' });
    expect(server.repositories.find('ada', 'new')?.isPrivate).toBe(true);
    const failure = await failureOf(open('bot').create({ name: 'other', description: '' }));
    expect(failure.code).toBe('fleet-not-permitted');
    expect(server.repositories.all).toHaveLength(4);
  });

  it('has no webhooks of its own', async () => {
    const failure = await failureOf(
      open('ada').hooks?.list('owner', 'https://mirror.example.com/') ?? Promise.resolve(),
    );
    expect(failure.code).toBe('fleet-not-permitted');
  });
});

describe('GitHub', () => {
  it('is asked for the count first: a page that the host shortens is no whole list', async () => {
    for (let index = 0; index < 120; index += 1)
      server.repositories.add({ owner: 'acme', name: `r-${index}` });
    server.faults.push({ when: /page=2/, status: 200, body: [] });
    const failure = await failureOf(listAll(open('bot', { owner: 'acme' })));
    expect([failure.code, failure.message]).toEqual([
      'fleet-listing-unstable',
      expect.stringContaining('it counts 121 repositories and lists 100'),
    ]);
  });

  it('names the organisation as it spells it itself', async () => {
    expect(await namesOf('bot', { owner: 'acme' })).toEqual(['app']);
    expect(await namesOf('bot', { owner: 'acme' })).toEqual(['app']);
    expect((await failureOf(namesOf('bot', { owner: 'nobody' }))).code).toBe('fleet-owner-not-found');
  });

  it.each([
    [undefined, 'github.com'],
    ['https://github.com', 'github.com'],
    ['https://acme.ghe.com', 'acme.ghe.com'],
    ['https://ghe.example.com/', 'ghe.example.com'],
  ])('%s is %s', (url, authority) => {
    const settings = { url, owner: 'acme', readToken: async () => 'x' };
    expect(openGithub(settings, createContext()).authority).toBe(authority);
  });
});
