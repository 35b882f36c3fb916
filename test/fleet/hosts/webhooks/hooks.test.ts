import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGitlab } from '../../../../src/fleet/hosts/gitlab';
import type { Host } from '../../../../src/fleet/hosts/host';
import type { HostRepository } from '../../../../src/fleet/hosts/repository';
import { toSigningToken } from '../../../../src/fleet/hosts/webhooks/gitlab';
import type { HookPlace, Hooks } from '../../../../src/fleet/hosts/webhooks/hooks';
import { openGitlabServer } from '../../../../src/sandbox/hosts/gitlab';
import type { StoredHook } from '../../../../src/sandbox/hosts/repositories';
import { createContext, failureOf, listAll } from '../context';
import { type Rig, rigs } from '../rigs';

const url = 'https://mirror.example.com/hooks/github-acme';
const foreign = 'https://ci.example.com/hook';

describe.each(rigs)('webhooks of %s', (_name, openRig) => {
  let rig: Rig;
  let host: Host;
  let hooks: Hooks;
  let repository: HostRepository;
  beforeEach(async () => {
    rig = await openRig();
    rig.add('app');
    host = rig.open(createContext());
    if (host.hooks === undefined) throw new Error('no webhooks');
    hooks = host.hooks;
    const [first] = await listAll(host);
    if (first === undefined) throw new Error('no repository');
    repository = first;
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  /** As the host has them: of the owner, or of the repository. */
  function stored(place: 'owner' | 'repository'): StoredHook[] {
    if (place === 'repository') return rig.server.repositories.all[0]?.hooks ?? [];
    const found = Object.values(rig.server).find(
      (each): each is Map<string, StoredHook[]> =>
        each instanceof Map && [...each.values()].some(Array.isArray),
    );
    return [...(found?.values() ?? [])].flat();
  }
  const toPlace = (place: 'owner' | 'repository'): HookPlace => (place === 'owner' ? 'owner' : repository);
  const urlOf = ({ body }: StoredHook) => String(body['url'] ?? Object(body['config'])['url']);
  const secretOf = ({ body }: StoredHook) =>
    String(
      body['secret'] ??
        body['token'] ??
        Object(body['config'])['secret'] ??
        Object(body['configuration'])['secret'],
    );

  describe.each(['owner', 'repository'] as const)('at the %s', (name) => {
    it('are installed once, and get a new secret the second time', async () => {
      const place = toPlace(name);
      expect(await hooks.list(place, url)).toEqual([]);
      expect(await hooks.install(place, { url, secret: 'first' })).toBe('created');
      expect(stored(name).map((hook) => [urlOf(hook), secretOf(hook)])).toEqual([[url, 'first']]);
      expect(await hooks.install(place, { url, secret: 'second' })).toBe('updated');
      expect(stored(name).map((hook) => [urlOf(hook), secretOf(hook)])).toEqual([[url, 'second']]);
      expect(await hooks.list(place, url)).toMatchObject([{ url, isActive: true }]);
    });

    it('of others are never touched, also among many', async () => {
      const place = toPlace(name);
      rig.server.pageSize = 2;
      for (let index = 0; index < 5; index += 1)
        await hooks.install(place, { url: `${foreign}/${index}`, secret: 'theirs' });
      await hooks.install(place, { url, secret: 'ours' });
      await hooks.install(place, { url, secret: 'ours again' });
      expect(stored(name)).toHaveLength(6);
      expect(await hooks.remove(place, url)).toBe(1);
      expect(await hooks.remove(place, url)).toBe(0);
      expect(stored(name).map(urlOf)).toEqual([0, 1, 2, 3, 4].map((index) => `${foreign}/${index}`));
      expect(stored(name).map(secretOf)).toEqual(Array.from({ length: 5 }, () => 'theirs'));
    });

    it('that are doubled or switched off become one that works', async () => {
      const place = toPlace(name);
      await hooks.install(place, { url, secret: 'first' });
      const [first] = stored(name);
      if (first === undefined) throw new Error('not installed');
      const array =
        name === 'owner' ? [...ownerHooks(rig)].flat() : (rig.server.repositories.all[0]?.hooks ?? []);
      expect(array).toContain(first);
      first.isActive = false;
      expect((await hooks.list(place, url))[0]?.isActive).toBe(false);
      await hooks.install(place, { url, secret: 'second' });
      expect(stored(name).map((hook) => [urlOf(hook), secretOf(hook), hook.isActive])).toEqual([
        [url, 'second', true],
      ]);
    });

    it('need a permission that the error names', async () => {
      rig.token.scopes = ['read:repository:bitbucket', 'read_api', 'read:org'];
      const failure = await failureOf(hooks.install(toPlace(name), { url, secret: 'x' }));
      expect(failure.code).toBe('fleet-not-permitted');
      expect(failure.remedy).toMatch(/admin|"api"|write:webhook/);
      expect(stored(name)).toEqual([]);
    });
  });
});

function ownerHooks(rig: Rig): StoredHook[][] {
  return Object.values(rig.server).flatMap((each) =>
    each instanceof Map ? [...each.values()].filter((value) => Array.isArray(value)) : [],
  );
}

describe('GitLab', () => {
  it('gets a signing token beside the secret, and is asked for pushes, tags and projects', async () => {
    await using server = await openGitlabServer();
    server.tokens.set('glpat', { user: 'bot', scopes: ['api'] });
    const settings = { url: server.url, owner: { group: 'acme' }, readToken: async () => 'glpat' };
    const { hooks } = openGitlab(settings, createContext());
    await hooks?.install('owner', { url, secret: 'shared' });
    expect(server.groupHooks.get('acme')?.[0]?.body).toMatchObject({
      url,
      token: 'shared',
      signing_token: toSigningToken('shared'),
      push_events: true,
      tag_push_events: true,
      project_events: true,
      enable_ssl_verification: true,
    });
  });

  it('has none for a user', async () => {
    await using server = await openGitlabServer();
    server.tokens.set('glpat', { user: 'bot', scopes: ['api'] });
    const settings = { url: server.url, owner: { user: 'ada' }, readToken: async () => 'glpat' };
    const { hooks } = openGitlab(settings, createContext());
    const failure = await failureOf(hooks?.install('owner', { url, secret: 'x' }) ?? Promise.resolve());
    expect(failure.code).toBe('fleet-not-permitted');
  });
});
