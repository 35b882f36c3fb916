import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCodeCommit } from '../../../src/fleet/hosts/codeCommit';
import { HostThrottled } from '../../../src/fleet/hosts/errors';
import { fleetRole, guardedRole, sessionAccessKeyId } from '../../../src/sandbox/hosts/assumeRole';
import { type CodeCommitServer, openCodeCommitServer } from '../../../src/sandbox/hosts/codeCommit';
import { createContext, failureOf, listAll } from './context';

let server: CodeCommitServer;
beforeEach(async () => {
  server = await openCodeCommitServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const open = (more: { role?: string; externalId?: string; env?: Record<string, string> } = {}) =>
  openCodeCommit(
    { region: 'eu-west-1', role: more.role, externalId: more.externalId },
    createContext({ env: { ...server.env, ...more.env } }),
  );

describe('CodeCommit', () => {
  it('lists 1,000 repositories, described in 25s, over several pages', async () => {
    server.pageSize = 300;
    for (let index = 0; index < 1_000; index += 1)
      server.add(`app-${index}`, { description: index % 2 ? `number ${index}` : '' });
    const listed = await listAll(open());
    const expected = server.repositories.map((each) => ({
      identity: `codecommit.eu-west-1#${each.id}`,
      owner: '',
      name: each.name,
      url: `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/${each.name}`,
      description: each.description,
      isPrivate: true,
      isArchived: false,
      isFork: false,
      isBeingDeleted: false,
      changedAt: each.changedAt,
      bytes: undefined,
    }));
    expect(listed).toEqual(expected.sort((one, other) => (one.name < other.name ? -1 : 1)));
    expect(server.requests.filter((call) => call === 'ListRepositories')).toHaveLength(8);
    // Described in 25s, page by page, once.
    expect(server.requests).toHaveLength(8 + 3 * 12 + 4);
  });

  it('lists the newest first', async () => {
    for (const name of ['one', 'two', 'three']) server.add(name);
    const [one] = server.repositories;
    if (one !== undefined) one.changedAt = new Date(Date.UTC(2027, 0, 1));
    expect((await listAll(open(), true)).map(({ name }) => name)).toEqual(['one', 'three', 'two']);
  });

  it('leaves out what is deleted while it is listed, and nothing else', async () => {
    for (let index = 0; index < 60; index += 1) server.add(`app-${index}`);
    server.pageSize = 30;
    const meanwhile = () => {
      server.repositories = server.repositories.filter(({ name }) => name !== 'app-1');
    };
    server.faults.push({ action: 'BatchGetRepositories', status: 0, code: '', times: 1, meanwhile });
    const names = (await listAll(open())).map(({ name }) => name);
    expect(names.sort()).toEqual(server.repositories.map(({ name }) => name).sort());
  });

  it('has one whose key is switched off: it is there', async () => {
    server.add('app', { description: 'seen' });
    const locked = server.add('locked', { description: 'unseen', isLocked: true });
    expect(await listAll(open())).toMatchObject([
      { name: 'app', description: 'seen' },
      {
        name: 'locked',
        description: '',
        identity: `codecommit.eu-west-1#${locked.id}`,
        url: expect.stringMatching(/\/locked$/),
      },
    ]);
  });

  it('finds by identity, also after a rename, and by name', async () => {
    server.pageSize = 2;
    const stored = server.add('old');
    for (const name of ['a', 'b', 'c', 'z']) server.add(name);
    const host = open();
    const identity = `codecommit.eu-west-1#${stored.id}`;
    expect(await host.find(identity)).toMatchObject({ name: 'old', identity });
    stored.name = 'new';
    expect(await host.find(identity)).toMatchObject({ name: 'new', identity });
    expect(await host.findByName('old')).toBeUndefined();
    expect((await host.findByName('new'))?.identity).toBe(identity);
    server.repositories = server.repositories.filter((each) => each !== stored);
    expect(await host.find(identity)).toBeUndefined();
    await expect(host.find(`codecommit.us-east-1#${stored.id}`)).rejects.toThrow(RangeError);
  });

  it('creates with description and tags, once, and within its rules and quota', async () => {
    const host = open();
    const tags = { 'codecommit-mirror': 'github.com#1' };
    const description = 'x'.repeat(host.descriptionAtMost);
    const made = await host.create({ name: 'acme-app', description, tags });
    expect(server.repositories).toMatchObject([{ name: 'acme-app', description, tags }]);
    expect(await host.find(made.identity)).toEqual(made);
    const taken = await failureOf(host.create({ name: 'acme-app', description: '' }));
    expect([taken.code, taken.message]).toEqual(['fleet-name-taken', expect.stringContaining('"acme-app"')]);
    expect((await failureOf(host.create({ name: 'a b', description: '' }))).code).toBe('fleet-name-refused');
    await host.describe(made, 'after');
    expect(server.repositories[0]?.description).toBe('after');
    server.quota = 1;
    expect((await failureOf(host.create({ name: 'two', description: '' }))).code).toBe('fleet-quota');
    expect(server.repositories).toHaveLength(1);
  });

  it('takes up again after a throttle', async () => {
    server.add('app');
    server.faults.push({ action: 'ListRepositories', status: 400, code: 'ThrottlingException', times: 1 });
    expect(await listAll(open({ env: { AWS_RETRY_MODE: 'standard' } }))).toHaveLength(1);
    expect(server.requests.slice(0, 2)).toEqual(['ListRepositories', 'ListRepositories']);
  });

  it.each([
    ['ThrottlingException', 'fleet-host-throttled'],
    ['AccessDeniedException', 'fleet-not-permitted'],
    ['ExpiredTokenException', 'fleet-token-refused'],
    ['InvalidSignatureException', 'fleet-token-refused'],
    ['InternalFailure', 'fleet-host-failed'],
  ])('answers %s: %s', async (code, expected) => {
    // The client's own tries take half a minute.
    const env = { AWS_MAX_ATTEMPTS: '1' };
    server.faults.push({ action: 'ListRepositories', status: 400, code });
    const failure = await failureOf(listAll(open({ env })));
    expect([failure.code, failure.message]).toEqual([
      expected,
      expect.stringContaining(code.replace('Exception', '')),
    ]);
    if (code === 'ThrottlingException') expect(failure).toBeInstanceOf(HostThrottled);
  });

  it('refuses keys that it does not know, once for a minute', async () => {
    server.add('app');
    const context = createContext({ env: { ...server.env, AWS_ACCESS_KEY_ID: 'AKIAANOTHERONEEXAMPLE' } });
    const host = openCodeCommit({ region: 'eu-west-1' }, context);
    const failure = await failureOf(listAll(host));
    expect(failure.code).toBe('fleet-token-refused');
    const asked = server.requests.length;
    expect(await failureOf(host.findByName('app'))).toBe(failure);
    expect(server.requests).toHaveLength(asked);
    await context.clock.wait(60_000, context.signal);
    expect(await failureOf(host.findByName('app'))).not.toBe(failure);
    expect(server.requests).toHaveLength(asked + 1);
  });

  it('assumes a role with the external ID that it asks for', async () => {
    server.add('app');
    expect(await listAll(open(guardedRole))).toHaveLength(1);
    const failure = await failureOf(listAll(open({ ...guardedRole, externalId: 'another' })));
    expect(failure.code).toBe('fleet-token-refused');
  });

  it('works as a role, whose session signs for git too', async () => {
    server.add('app');
    const host = open({ role: fleetRole });
    expect(await listAll(host)).toHaveLength(1);
    expect(server.requests[0]).toBe('sts:AssumeRole');
    const login = await host.login();
    if (login.kind !== 'aws') throw new Error(login.kind);
    expect(login.region).toBe('eu-west-1');
    expect(await login.readKeys()).toMatchObject({
      accessKeyId: sessionAccessKeyId,
      sessionToken: 'session',
    });
    expect(server.requests.filter((call) => call === 'sts:AssumeRole')).toHaveLength(1);
    const failure = await failureOf(listAll(open({ role: `${fleetRole}-other` })));
    expect([failure.code, failure.message]).toEqual([
      'fleet-token-refused',
      expect.stringContaining('AssumeRole'),
    ]);
  });

  it('signs with the keys of the environment', async () => {
    const login = await open().login();
    if (login.kind !== 'aws') throw new Error(login.kind);
    expect(await login.readKeys()).toMatchObject({ accessKeyId: server.env['AWS_ACCESS_KEY_ID'] });
  });
});
