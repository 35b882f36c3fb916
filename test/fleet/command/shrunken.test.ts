import { expect, test } from 'vitest';
import type { FleetHosts } from './fleetHosts';
import { openFleetHosts } from './fleetHosts';

const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);

/** Takes repositories away from what the token sees. Gives what brings them back. */
function hide({ github }: FleetHosts, count: number): () => void {
  const hidden = github.repositories.all.slice(0, count);
  for (const each of hidden) github.repositories.remove(each);
  return () => {
    for (const each of hidden) github.repositories.add(each);
  };
}

const lookUps = ({ github }: FleetHosts) =>
  github.requests.filter((request) => /\/repositories\/\d+$/.test(request)).length;

async function openMirrored(): Promise<FleetHosts> {
  const hosts = await openFleetHosts();
  for (const name of names) await hosts.add(name, ...(name === 'app-11' ? ['main'] : []));
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  return hosts;
}

test('a listing that has lost many is not believed until a person accepts it', async () => {
  await using hosts = await openMirrored();
  hide(hosts, 7);
  hosts.github.requests.length = 0;

  const preview = await hosts.fleet('preview');
  expect([preview.exitCode, preview.output]).toEqual([1, expect.stringContaining('5 exists, 7 missing')]);
  expect(preview.output).toContain('lists 5 repositories; the last whole listing had 12');
  const refused = await hosts.fleet('mirror');
  expect([refused.exitCode, refused.output]).toEqual([
    1,
    expect.stringContaining('[fleet-listing-shrunken]'),
  ]);
  expect(refused.output).toContain('5 repositories are equal');
  // One for each that is mirrored, and none for what may be a lost permission.
  expect(lookUps(hosts)).toBe(5);
  expect((await hosts.fleet('status')).output).toContain('7 blocked');
  expect((await hosts.fleet('mirror')).exitCode).toBe(1);

  expect(await hosts.fleet('mirror', '--accept-listing')).toMatchObject({ exitCode: 0 });
  expect((await hosts.fleet('status')).output).toContain('7 gone');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  expect(hosts.gitlab.repositories.all).toHaveLength(12);
});

test('repositories that a token sees again are mirrored again, by themselves', async () => {
  await using hosts = await openMirrored();
  const bringBack = hide(hosts, 12);
  expect((await hosts.fleet('mirror')).exitCode).toBe(1);
  bringBack();
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  expect((await hosts.fleet('status')).output).toContain('12 repositories: 11 empty, 1 equal.');
});

test('a few that are missing are looked up, and only those that are not found are gone', async () => {
  await using hosts = await openMirrored();
  const [first, second] = hosts.github.repositories.all;
  if (first === undefined || second === undefined) throw new Error('there are twelve');
  hosts.github.repositories.remove(first);
  // It is in no listing of acme any more, and its ID still leads to it.
  hosts.github.repositories.rename(second, { owner: 'other' });
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  expect((await hosts.fleet('status')).output).toContain('1 gone, 1 frozen, 9 empty, 1 equal');
});
