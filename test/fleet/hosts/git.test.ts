import { expect, it } from 'vitest';
import { openGit } from '../../../src/fleet/hosts/git';
import { failureOf, listAll } from './context';

const urls = [
  'https://git.example.com/team/app.git',
  'ssh://git@git.example.com:2222/team/lib',
  'https://other.example.com/app',
];
const host = openGit({ urls, readLogin: async () => ({ kind: 'none' }) });

it('a plain git host has the repositories of its URLs, each with an identity of its own', async () => {
  const listed = await listAll(host);
  expect(listed.map(({ owner, name, url }) => [owner, name, url])).toEqual([
    ['team', 'app', urls[0]],
    ['team', 'lib', urls[1]],
    ['', 'app', urls[2]],
  ]);
  expect(new Set(listed.map(({ identity }) => identity)).size).toBe(3);
  for (const each of listed) expect(await host.find(each.identity)).toEqual(each);
  expect(await host.find('git#0123')).toBeUndefined();
  expect((await host.findByName('lib'))?.url).toBe(urls[1]);
  // With and without .git it is the same one.
  const same = openGit({ urls: ['https://git.example.com/team/app'], readLogin: host.login });
  expect((await listAll(same))[0]?.identity).toBe(listed[0]?.identity);
});

it('a plain git host creates and describes nothing', async () => {
  expect((await failureOf(host.create({ name: 'new', description: '' }))).code).toBe('fleet-not-permitted');
  const [first] = await listAll(host);
  if (first === undefined) throw new Error('no repository');
  expect((await failureOf(host.describe(first, 'x'))).code).toBe('fleet-not-permitted');
  expect(await host.login()).toEqual({ kind: 'none' });
});
