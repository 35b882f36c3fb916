import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGitlab } from '../../../src/fleet/hosts/gitlab';
import type { GitlabSettings } from '../../../src/fleet/hosts/gitlabSettings';
import { type GitlabServer, openGitlabServer } from '../../../src/sandbox/hosts/gitlab';
import { createContext, failureOf, listAll } from './context';

let server: GitlabServer;
beforeEach(async () => {
  server = await openGitlabServer();
  server.tokens.set('glpat', { user: 'bot', scopes: ['api', 'read_api'] });
});
afterEach(() => server[Symbol.asyncDispose]());

const open = (owner: GitlabSettings['owner'] = { group: 'acme' }) =>
  openGitlab({ url: server.url, owner, readToken: async () => 'glpat' }, createContext());

describe('GitLab', () => {
  it('lists a group with the groups in it, and nothing that is merely shared with it', async () => {
    server.repositories.add({ owner: 'acme', name: 'app' });
    server.repositories.add({ owner: 'acme/tools', name: 'app' });
    server.repositories.add({ owner: 'acme/tools/deep', name: 'app' });
    server.repositories.add({ owner: 'acmeother', name: 'app' });
    server.repositories.add({ owner: 'friend', name: 'lib', project: 'shared with acme' });
    const listed = await listAll(open());
    expect(listed.map(({ owner, name }) => `${owner}/${name}`)).toEqual([
      'acme/app',
      'acme/tools/app',
      'acme/tools/deep/app',
    ]);
    expect((await listAll(open({ group: 'acme/tools' }))).map(({ owner }) => owner)).toEqual([
      'acme/tools',
      'acme/tools/deep',
    ]);
  });

  it('lists a user, and says that another one is not there', async () => {
    server.repositories.add({ owner: 'ada', name: 'app' });
    expect(await listAll(open({ user: 'ada' }))).toHaveLength(1);
    const failure = await failureOf(listAll(open({ user: 'eve' })));
    expect([failure.code, failure.message]).toEqual([
      'fleet-owner-not-found',
      expect.stringContaining('user "eve"'),
    ]);
  });

  it('says what is about to be deleted', async () => {
    server.repositories.add({ owner: 'acme', name: 'app-deletion_scheduled-7', isBeingDeleted: true });
    expect((await listAll(open()))[0]?.isBeingDeleted).toBe(true);
  });

  it('is read twice where it does not count', async () => {
    server.countsUpTo = 100;
    for (let index = 0; index < 250; index += 1)
      server.repositories.add({ owner: 'acme', name: `app-${index}` });
    expect(await listAll(open())).toHaveLength(250);
    expect(server.requests).toHaveLength(8);
    // Nothing but the two readings would tell that a page is short.
    server.faults.push({ when: /[?&]page=3/, status: 200, body: [], times: 1 });
    expect(await listAll(open())).toHaveLength(250);
  });

  it('creates in a subgroup and for a user', async () => {
    await open({ group: 'acme/tools' }).create({ name: 'new', description: '' });
    await open({ user: 'ada' }).create({ name: 'new', description: '' });
    expect(server.repositories.all.map(({ owner, name, isPrivate }) => [owner, name, isPrivate])).toEqual([
      ['acme/tools', 'new', true],
      ['ada', 'new', true],
    ]);
  });

  it('allows so many projects of a user, and any number in a group', async () => {
    server.tokens.set('glpat', { user: 'ada', scopes: ['api', 'read_api'] });
    server.projectLimit = 1;
    const host = open({ user: 'Ada' });
    expect(await host.quota?.readAllowed()).toBe(1);
    await host.create({ name: 'first', description: '' });
    await open().create({ name: 'other', description: '' });
    const said = "You've reached your limit of 1 projects created.";
    const failure = await failureOf(host.create({ name: 'second', description: '' }));
    expect([failure.code, failure.message]).toEqual(['fleet-quota', expect.stringContaining(said)]);
    server.projectLimit = 0;
    expect((await failureOf(host.create({ name: 'second', description: '' }))).code).toBe('fleet-quota');
    expect(open().quota).toBeUndefined();
    // The limit of an administrator says nothing of somebody else's projects.
    server.tokens.set('glpat', { user: 'root', scopes: ['api', 'read_api'] });
    expect(await host.quota?.readAllowed()).toBeUndefined();
  });

  it('may stand below a path', () => {
    const settings = {
      url: 'https://example.com/gitlab/',
      owner: { group: 'a' },
      readToken: async () => 'x',
    };
    expect(openGitlab(settings, createContext()).authority).toBe('example.com/gitlab');
  });
});
