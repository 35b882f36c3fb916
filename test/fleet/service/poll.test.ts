import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfiguration } from '../../../src/fleet/configuration/configuration';
import { openFleet } from '../../../src/fleet/run/fleet';
import { Catalogue } from '../../../src/fleet/service/catalogue';
import { pollAll } from '../../../src/fleet/service/poll';
import { openJournalStore } from '../../../src/fleet/state/journalStore';
import { openSession } from '../../../src/program/session';
import { destinationToken, openFleetHosts, sourceToken } from '../command/fleetHosts';

const noAws = {
  readSecret: () => Promise.reject(new Error('no AWS')),
  readParameter: () => Promise.reject(new Error('no AWS')),
};

test('a poll asks for a whole listing when it sees a new repository, and not for one that is left out', async () => {
  await using hosts = await openFleetHosts();
  await hosts.add('app');
  const fork = hosts.github.repositories.add({ owner: 'acme', name: 'fork', isFork: true });
  hosts.github.repositories.add({
    owner: 'acme',
    name: 'mirror',
    description: 'codecommit-mirror: example.com#1',
  });
  await hosts.configure();
  const env = { GITHUB_TOKEN: sourceToken, GITLAB_TOKEN: destinationToken };
  using session = openSession(
    { env, stdout: { write: () => true }, signal: new AbortController().signal },
    [],
  );
  await using store = await openJournalStore(join(hosts.root, 'state'));
  const configuration = await readConfiguration(join(hosts.root, 'work/mirrors.yaml'));
  const fleet = await openFleet(configuration, store, session.context, noAws);
  const fail = () => expect.fail('a listing failed');
  const catalogue = new Catalogue(fleet, fail);
  await catalogue.list();
  const poll = () => pollAll(fleet, (mirror, identity) => catalogue.isPlanned(mirror, identity), fail);
  expect(await poll()).toBe(false);
  fork.changedAt = new Date();
  expect(await poll()).toBe(false);
  await hosts.add('lib');
  expect(await poll()).toBe(true);
  await catalogue.list();
  expect(await poll()).toBe(false);
});
