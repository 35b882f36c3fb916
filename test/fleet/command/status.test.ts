import { expect, test } from 'vitest';
import { grow } from '../../servers/git';
import { openFleetHosts } from './fleetHosts';

test('status tells what the last plan said: blocked, left out, deleted at the source', async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app', 'main');
  await hosts.add('lib', 'main');
  const { gitlab, github } = hosts;
  await grow(await gitlab.repositories.path(gitlab.repositories.add({ owner: 'mirror', name: 'app' })), 'x');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 1 });
  const blocked = await hosts.fleet('status');
  expect([blocked.exitCode, blocked.output]).toEqual([
    1,
    expect.stringMatching(/✖ +blocked +acme\/app .*"app" already exists at the destination/),
  ]);

  // A run that fails leaves what the last one saw of the refs.
  const lib = github.repositories.find('acme', 'lib');
  if (lib === undefined) throw new Error('no repository');
  const refsOf = async () => {
    const { repositories } = JSON.parse((await hosts.fleet('status', 'acme/lib', '--json')).output);
    return repositories[0].refs;
  };
  expect(await refsOf()).toBe(1);
  github.faults.push({ when: new RegExp(`^GET /api/v3/repositories/${lib.id}`), times: 1, status: 403 });
  expect(await hosts.fleet('mirror', 'acme/lib')).toMatchObject({ exitCode: 1 });
  expect((await hosts.fleet('status', 'acme/lib')).output).toMatch(/✖ +failing +acme\/lib/);
  expect(await refsOf()).toBe(1);

  await hosts.exclude('app', 'lib');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  const left = await hosts.fleet('status');
  expect([left.exitCode, left.output]).toEqual([0, expect.stringMatching(/ frozen +acme\/lib/)]);
  expect(left.output).not.toContain('acme/app');

  await hosts.configure();
  github.repositories.remove(lib);
  await hosts.fleet('mirror');
  expect((await hosts.fleet('status')).output).toMatch(/ gone +acme\/lib/);
});
