import { expect, test } from 'vitest';
import { grow, readRefs } from '../../servers/git';
import { type FleetHosts, openFleetHosts } from './fleetHosts';

/** A repository at the destination that is not of this fleet. */
async function addForeign({ gitlab }: FleetHosts, name: string): Promise<string> {
  return await gitlab.repositories.path(gitlab.repositories.add({ owner: 'mirror', name }));
}

const force = '    force: true';

test('a name that was only planned is not pushed to once somebody else has it and the destination is not listed', async () => {
  await using hosts = await openFleetHosts();
  await hosts.configure(force);
  await hosts.add('app', 'main');
  hosts.gitlab.faults.push({ when: /^POST \/api\/v4\/projects/, times: 1, status: 403 });
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 1 });

  const foreign = await addForeign(hosts, 'app');
  await grow(foreign, 'main');
  const before = await readRefs(foreign);
  hosts.gitlab.faults.push({ when: /^GET \/api\/v4\/groups\/mirror\/projects/, status: 403 });
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 1 });
  expect(await readRefs(foreign)).toEqual(before);
  expect(hosts.gitlab.repositories.find('mirror', 'app')?.description).toBe('');
});

test('what was empty in the plan is not pushed to when somebody has filled it before the run', async () => {
  await using hosts = await openFleetHosts();
  await hosts.configure(force);
  await hosts.add('app', 'main');
  const foreign = await addForeign(hosts, 'app');
  hosts.gitlab.faults.push({
    when: /^GET \/api\/v4\/projects\/mirror%2Fapp/,
    times: 1,
    until: () => grow(foreign, 'main'),
  });
  const run = await hosts.fleet('mirror');
  const filled = await readRefs(foreign);
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[fleet-destination-changed]')]);
  expect(hosts.gitlab.repositories.find('mirror', 'app')?.description).toBe('');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 1 });
  expect(await readRefs(foreign)).toEqual(filled);
});

test('what moves to another owner between the plan and the run is not mirrored', async () => {
  await using hosts = await openFleetHosts();
  const app = await hosts.add('app', 'main');
  expect(await hosts.fleet('mirror')).toMatchObject({ exitCode: 0 });
  const mirror = (await hosts.mirrorOf('app')) ?? '';
  const before = await readRefs(mirror);
  const { repositories, faults } = hosts.github;
  const stored = repositories.find('acme', 'app');
  if (stored === undefined) throw new Error('no repository');
  await grow(app, 'main');
  faults.push({
    when: new RegExp(`^GET /api/v3/repositories/${stored.id}`),
    times: 1,
    meanwhile: () => repositories.rename(stored, { owner: 'other' }),
  });
  const run = await hosts.fleet('mirror');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[fleet-source-changed]')]);
  expect(await readRefs(mirror)).toEqual(before);
});
