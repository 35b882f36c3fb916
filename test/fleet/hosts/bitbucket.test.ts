import { describe, expect, it } from 'vitest';
import { openBitbucketCloud } from '../../../src/fleet/hosts/bitbucketCloud';
import { openBitbucketDataCenter } from '../../../src/fleet/hosts/bitbucketDataCenter';
import { openBitbucketCloudServer } from '../../../src/sandbox/hosts/bitbucketCloud';
import { openBitbucketDataCenterServer } from '../../../src/sandbox/hosts/bitbucketDataCenter';
import { createContext, failureOf, listAll } from './context';

describe('Bitbucket Cloud', () => {
  it('has one project of a workspace, where new repositories go too', async () => {
    await using server = await openBitbucketCloudServer();
    server.tokens.set('token', {
      user: 'token',
      scopes: ['read:repository:bitbucket', 'admin:repository:bitbucket'],
    });
    server.repositories.add({ owner: 'acme', name: 'app', project: 'CORE' });
    server.repositories.add({ owner: 'acme', name: 'other', project: 'LAB' });
    const settings = { url: server.url, workspace: 'acme', readToken: async () => 'token' };
    const open = (project?: string) => openBitbucketCloud({ ...settings, project }, createContext());
    expect((await listAll(open('CORE'))).map(({ name }) => name)).toEqual(['app']);
    expect(await listAll(open())).toHaveLength(2);
    const made = await open('CORE').create({ name: 'New', description: '' });
    expect(made.name).toBe('new');
    expect(server.repositories.find('acme', 'new')?.project).toBe('CORE');
  });

  it('is bitbucket.org unless said otherwise', () => {
    const host = openBitbucketCloud({ workspace: 'acme', readToken: async () => 'x' }, createContext());
    expect(host.authority).toBe('bitbucket.org');
  });
});

describe('Bitbucket Data Center', () => {
  const open = (url: string) =>
    openBitbucketDataCenter({ url, project: 'ACME', readToken: async () => 'token' }, createContext());

  it('creates nothing in a public project', async () => {
    await using server = await openBitbucketDataCenterServer();
    server.tokens.set('token', { user: 'bot', scopes: ['PROJECT_ADMIN'] });
    server.projects.set('ACME', { isPublic: true });
    const failure = await failureOf(open(server.url).create({ name: 'app', description: '' }));
    expect([failure.code, failure.message]).toEqual(['fleet-not-private', expect.stringContaining('public')]);
    expect(server.repositories.all).toEqual([]);
    expect(server.requests.filter((call) => call.startsWith('POST'))).toEqual([]);
  });

  it('finds one that moved to another project, archived or not', async () => {
    await using server = await openBitbucketDataCenterServer();
    server.tokens.set('token', { user: 'bot', scopes: ['PROJECT_ADMIN'] });
    server.projects.set('LAB', { isPublic: true });
    const stored = server.repositories.add({ owner: 'ACME', name: 'app' });
    const host = open(server.url);
    const [before] = await listAll(host);
    server.repositories.rename(stored, { owner: 'LAB' });
    stored.isArchived = true;
    const after = await host.find(before?.identity ?? '');
    expect(after).toMatchObject({
      owner: 'LAB',
      identity: before?.identity,
      isArchived: true,
      isPrivate: false,
    });
    // Seen once, it is found by its place.
    const asked = server.requests.length;
    await host.find(before?.identity ?? '');
    expect(server.requests.slice(asked)).toEqual(['GET /rest/api/latest/projects/LAB/repos/app']);
  });

  it('has the repositories of a user', async () => {
    await using server = await openBitbucketDataCenterServer();
    server.tokens.set('token', { user: 'bot', scopes: [] });
    server.projects.set('~ada', { isPublic: false });
    server.repositories.add({ owner: '~ada', name: 'app' });
    const settings = { url: server.url, project: '~ada', readToken: async () => 'token' };
    const [found] = await listAll(openBitbucketDataCenter(settings, createContext()));
    expect(found).toMatchObject({ owner: '~ada', url: `${server.url}/scm/~ada/app.git` });
  });
});
