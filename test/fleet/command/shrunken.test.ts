import { expect, test } from 'vitest';
import { git, grow } from '../../servers/git';
import { openFleetHosts } from './fleetHosts';

test('a listing that lost more repositories than people delete is told, and is no success', async () => {
  await using hosts = await openFleetHosts();
  for (let number = 0; number < 10; number++) await hosts.add(`app-${number}`);
  const app = await hosts.add('app', 'main');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  const { repositories } = hosts.github;
  for (const each of [...repositories.all]) if (each.name !== 'app') repositories.remove(each);
  await grow(app, 'main');

  const run = await hosts.fleet('mirror');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[fleet-listing-shrunken]')]);
  expect(run.output).toContain('lists 1 repository; the last whole listing had 11');
  // What is listed is mirrored all the same.
  const mirror = (await hosts.mirrorOf('app')) ?? '';
  expect(await git(mirror, 'rev-parse', 'main')).toBe(await git(app, 'rev-parse', 'main'));
  expect(await hosts.fleet('check')).toMatchObject({ exitCode: 1 });
  const status = await hosts.fleet('status');
  expect([status.exitCode, status.output]).toEqual([1, expect.stringContaining('had 11')]);
  // Nothing is called gone, however often it is asked.
  expect((await hosts.fleet('preview')).output).not.toMatch(/gone|missing/);
});
