import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Plan } from '../../../../src/fleet/aws/catalogue/plans';
import { replan } from '../../../../src/fleet/aws/catalogue/replan';
import { parseConfiguration } from '../../../../src/fleet/configuration/configuration';
import { openFleet } from '../../../../src/fleet/run/fleet';
import { openJournalStore } from '../../../../src/fleet/state/journalStore';
import { openSession } from '../../../../src/program/session';
import { destinationToken, openFleetHosts, sourceToken } from '../../command/fleetHosts';

/** The plan of one mirror, as the table keeps it. */
function openPlansInMemory() {
  const rows = new Map<string, Plan>();
  return {
    find: async ({ identity }: { readonly identity: string }) => rows.get(identity),
    list: async () => new Map(rows),
    write: async (_mirror: string, plans: readonly Plan[]) => {
      for (const plan of plans) rows.set(plan.identity, plan);
    },
  };
}

test('a repository that is left out before its first run is forgotten, as everywhere else', async () => {
  await using hosts = await openFleetHosts();
  await using store = await openJournalStore(join(hosts.root, 'state'));
  for (const name of ['app', 'web']) hosts.github.repositories.add({ owner: 'acme', name });
  const env = { GITHUB_TOKEN: sourceToken, GITLAB_TOKEN: destinationToken };
  const { signal } = new AbortController();
  using session = openSession({ env, stdout: { write: () => true }, signal }, []);
  const noAws = { readSecret: async () => undefined, readParameter: async () => undefined };
  const plans = openPlansInMemory();
  const planWithout = async (...exclude: readonly string[]) => {
    const from = { host: 'github', url: hosts.github.url, owner: 'acme', token: '$GITHUB_TOKEN', exclude };
    const to = { host: 'gitlab', url: hosts.gitlab.url, group: 'mirror', token: '$GITLAB_TOKEN' };
    const configuration = parseConfiguration(JSON.stringify({ mirrors: [{ name: 'acme', from, to }] }), 'm');
    const fleet = await openFleet(configuration, store, session.context, noAws);
    expect(await replan({ fleet, plans, now: () => 1_000 })).toEqual([]);
    return (await store.readRepositories('acme')).map(({ path, seenAt }) => [path, seenAt]);
  };
  expect(await planWithout()).toEqual([
    ['acme/app', 1_000],
    ['acme/web', 1_000],
  ]);
  expect(await planWithout('web')).toEqual([['acme/app', 1_000]]);
  // Its plan stays, so that it is not new to the next poll.
  const actions = [...(await plans.list()).values()].map(({ path, decision }) => [path, decision.action]);
  expect(Object.fromEntries(actions)).toEqual({ 'acme/app': 'create', 'acme/web': 'idle' });
});
