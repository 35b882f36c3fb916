import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GitLogin } from '../../../src/fleet/hosts/host';
import { type Folder, openFolder } from '../../servers/folder';
import { git, gitWith, grow, readRefs, tryGit } from '../../servers/git';
import { createContext, failureOf, listAll, type TestContext } from './context';
import { type Rig, rigs } from './rigs';

/** The environment of a git that logs in so: no secret stands in its arguments. */
function toLoginEnvironment(login: GitLogin): Record<string, string> {
  const basic = ({ username, password }: { username: string; password: string }) =>
    `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const value =
    login.kind === 'password' ? basic(login) : login.kind === 'bearer' ? `Bearer ${login.token}` : 'none';
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${value}`,
  };
}

describe.each(rigs)('a repository of %s', (_name, openRig) => {
  let folder: Folder;
  let rig: Rig;
  let context: TestContext;
  beforeEach(async () => {
    folder = await openFolder();
    rig = await openRig({ root: join(folder.path, 'served') });
    context = createContext();
  });
  afterEach(async () => {
    await rig[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('is found by its identity and by its name', async () => {
    const stored = rig.add('app', { description: 'The app' });
    const host = rig.open(context);
    const expected = rig.expected(stored);
    expect(await host.find(expected.identity)).toEqual(expected);
    expect(await host.findByName('app')).toEqual(expected);
    expect(await host.findByName('App')).toEqual(expected);
    expect(await host.findByName('other')).toBeUndefined();
    await expect(host.find('elsewhere.example#1')).rejects.toThrow(RangeError);
  });

  it('is created private, with its description', async () => {
    const host = rig.open(context);
    const description = 'codecommit-mirror: x#1 acme/'.padEnd(host.descriptionAtMost, 'ü');
    const made = await host.create({ name: 'new-app', description });
    const [stored, ...more] = rig.server.repositories.all;
    if (stored === undefined) throw new Error('nothing was created');
    expect(more).toEqual([]);
    expect(stored).toMatchObject({ name: 'new-app', isPrivate: true, isArchived: false });
    expect(stored.description).toBe(description);
    expect(made).toEqual(rig.expected(stored));
    expect(await host.find(made.identity)).toEqual(made);
  });

  it('is not created twice, nor under a name that the host does not allow', async () => {
    const host = rig.open(context);
    await host.create({ name: 'app', description: '' });
    const taken = await failureOf(host.create({ name: 'app', description: 'another' }));
    expect([taken.code, taken.message]).toEqual(['fleet-name-taken', expect.stringContaining('"app"')]);
    const refused = await failureOf(host.create({ name: rig.invalidName, description: '' }));
    expect([refused.code, refused.message]).toEqual([
      'fleet-name-refused',
      expect.stringContaining(`"${rig.invalidName}"`),
    ]);
    expect(rig.server.repositories.all.map(({ name, description }) => [name, description])).toEqual([
      ['app', ''],
    ]);
  });

  it('is created once where the answer is lost: before it is asked for again, it is looked for', async () => {
    const host = rig.open(context);
    const wanted = { name: 'app', description: 'marker of ours' };
    const posts = () => rig.server.requests.filter((call) => call.startsWith('POST ')).length;
    rig.server.faults.push({ when: /^POST /, status: 500, times: 1 });
    await host.create(wanted);
    expect([rig.server.repositories.all.length, posts()]).toEqual([1, 2]);
    // The second one is created, and its answer is lost.
    const meanwhile = () => void rig.add('two', { description: wanted.description });
    rig.server.faults.push({ when: /^POST /, resets: true, times: 1, meanwhile });
    const made = await host.create({ ...wanted, name: 'two' });
    expect(made).toEqual(await host.findByName('two'));
    expect([rig.server.repositories.all.length, posts()]).toEqual([2, 3]);
    // Somebody else's is not taken for ours.
    const others = () => void rig.add('three', { description: 'theirs' });
    rig.server.faults.push({ when: /^POST /, status: 502, times: 1, meanwhile: others });
    const failure = await failureOf(host.create({ ...wanted, name: 'three' }));
    expect(failure.code).toBe('fleet-host-failed');
    rig.server.faults.push({ when: /^POST /, resets: true });
    expect((await failureOf(host.create({ ...wanted, name: 'four' }))).code).toBe('fleet-host-unreachable');
    expect(rig.server.repositories.all.map(({ name }) => name)).toEqual(['app', 'two', 'three']);
  });

  it('is not left public where the host makes it so', async () => {
    const host = rig.open(context);
    const published = rig.add('shown', { isPrivate: false });
    const body = await answerOf(rig, published.name);
    rig.server.faults.push({ when: /^POST /, status: 201, body });
    const failure = await failureOf(host.create({ name: 'shown', description: '' }));
    expect(failure.code).toBe('fleet-not-private');
  });

  it('gets another description, as long as the host allows', async () => {
    const stored = rig.add('app', { description: 'before' });
    const host = rig.open(context);
    const found = await host.findByName('app');
    if (found === undefined) throw new Error('not found');
    await host.describe(found, 'after');
    expect(stored.description).toBe('after');
    const longest = 'ü'.repeat(host.descriptionAtMost);
    await host.describe(found, longest);
    expect(stored.description).toBe(longest);
  });

  it('that is renamed keeps its identity, and its old name is nobody', async () => {
    const stored = rig.add('old');
    const host = rig.open(context);
    const [before] = await listAll(host);
    rig.server.repositories.rename(stored, { name: 'new' });
    const after = await host.find(before?.identity ?? '');
    expect(after).toEqual(rig.expected(stored));
    expect(after?.name).toBe('new');
    expect(await host.findByName('old')).toBeUndefined();
    expect((await host.findByName('new'))?.identity).toBe(before?.identity);
  });

  it('that is deleted is gone, and one of the same name is another one', async () => {
    const stored = rig.add('app');
    const host = rig.open(context);
    const [before] = await listAll(host);
    rig.server.repositories.remove(stored);
    expect(await host.find(before?.identity ?? '')).toBeUndefined();
    const again = rig.add('app');
    expect(await host.find(before?.identity ?? '')).toBeUndefined();
    const found = await host.findByName('app');
    expect(found?.identity).toBe(rig.expected(again).identity);
    expect(found?.identity).not.toBe(before?.identity);
  });

  it('is fetched and pushed by git with the login, also after a rename, and not without it', async () => {
    const host = rig.open(context);
    const { url, identity } = await host.create({ name: 'app', description: '' });
    const work = join(folder.path, 'work');
    await git(folder.path, 'init', '--quiet', work);
    const tip = await grow(work, 'main', { count: 2 });
    const env = toLoginEnvironment(await host.login());
    expect((await tryGit(work, ['push', '--quiet', url, 'main'])).exitCode).not.toBe(0);
    await gitWith({ env }, work, 'push', '--quiet', url, 'main');
    const [stored] = rig.server.repositories.all;
    if (stored === undefined) throw new Error('nothing was created');
    expect(await readRefs(await rig.server.repositories.path(stored))).toEqual({ 'refs/heads/main': tip });
    rig.server.repositories.rename(stored, { name: 'renamed' });
    const renamed = await host.find(identity);
    expect(renamed?.url).not.toBe(url);
    for (const each of [url, renamed?.url ?? ''])
      expect(await gitWith({ env }, work, 'ls-remote', each)).toContain(`${tip}\trefs/heads/main`);
  });
});

/** As the API shows it. */
async function answerOf(rig: Rig, name: string): Promise<unknown> {
  const host = rig.open(createContext());
  await host.findByName(name);
  const call = rig.server.requests.at(-1) ?? '';
  const { tokenText } = await import('./rigs');
  const headers = { Authorization: `Bearer ${tokenText}` };
  return await (await fetch(`${rig.server.url}${call.replace(/^GET /, '')}`, { headers })).json();
}
