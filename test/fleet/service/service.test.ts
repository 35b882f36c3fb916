import { expect, test } from 'vitest';
import { grow, readRefs } from '../../servers/git';
import { sourceToken } from '../command/fleetHosts';
import { type InProcess, openInProcess } from './inProcess';
import { until } from './served';

const minute = 60_000;

async function states({ store }: InProcess): Promise<Record<string, string>> {
  const all = await store.readRepositories('acme');
  return Object.fromEntries(all.map(({ path, state }) => [path.replace('acme/', ''), state]));
}

/** Nothing waits and nothing runs. */
const isIdle = async ({ service }: InProcess) => Object.values(service.counts).every((count) => count === 0);

async function untilAll(served: InProcess, state: string, count: number): Promise<void> {
  await until(async () => {
    const all = Object.values(await states(served));
    return all.length === count && all.every((each) => each === state) && (await isIdle(served));
  });
}

const runsOf = async (served: InProcess, name: string) =>
  await served.store.readRuns('acme', served.identityOf(name));

test('what is hinted at during a run, however often, causes one more run, which sees the change', async () => {
  await using served = await openInProcess((hosts) => hosts.add('app', 'main'));
  const { hosts, service } = served;
  await untilAll(served, 'equal', 1);
  const [stored] = hosts.github.repositories.all;
  const path = await hosts.github.repositories.path(stored ?? (Promise.reject() as never));
  const identity = served.identityOf('app');
  const before = (await runsOf(served, 'app')).length;

  // The run is past the refs of the source when its destination makes it wait.
  let release = () => undefined as unknown;
  const held = new Promise((resolve) => {
    release = () => resolve(undefined);
  });
  hosts.gitlab.faults.push({ when: /^GET .*projects\//, times: 1, until: () => held });
  await service.hinted(identity);
  await until(async () => service.activityOf('acme', identity) === 'running');
  for (let count = 0; count < 5; count++) await service.hinted(identity);
  expect(service.activityOf('acme', identity)).toBe('dirty');
  const tip = await grow(path, 'main');
  release();
  await until(() => isIdle(served));
  expect((await readRefs((await hosts.mirrorOf('app')) ?? ''))['refs/heads/main']).toBe(tip);
  expect((await runsOf(served, 'app')).length - before).toBe(2);
});

test('a refused token stops its mirror once, and all goes on when it is accepted again', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);
  await using served = await openInProcess(async (hosts) => {
    for (const name of names) await hosts.add(name);
  });
  const { hosts, service, output, advance } = served;
  await untilAll(served, 'empty', 12);
  const token = hosts.github.tokens.get(sourceToken);
  if (token === undefined) throw new Error('the fake has its token');

  token.isExpired = true;
  hosts.github.requests.length = 0;
  await service.askAll();
  await until(() => isIdle(served));
  const told = () => output().match(/\[fleet-token-refused\]/g)?.length ?? 0;
  expect(told()).toBe(1);
  // As many as were begun together; the others met no host.
  expect(hosts.github.requests.length).toBeLessThanOrEqual(4);
  expect(new Set(Object.values(await states(served)))).toEqual(new Set(['empty']));
  expect(service.ask('acme', served.identityOf('app-0'))).toBe(false);

  // The next listing says it again, and nothing of it runs meanwhile.
  advance(5 * minute + 1);
  await until(async () => (await served.store.readMirror('acme'))?.problem?.code === 'fleet-token-refused');
  expect(await isIdle(served)).toBe(true);

  token.isExpired = false;
  const runs = (await runsOf(served, 'app-0')).length;
  await until(async () => {
    advance(5 * minute + 1);
    return service.ask('acme', served.identityOf('app-0'));
  });
  await until(async () => (await runsOf(served, 'app-0')).length > runs);
  expect((await served.store.readMirror('acme'))?.problem).toBeUndefined();
});

test('a listing that failed is repeated after five minutes, and takes nothing away meanwhile', async () => {
  await using served = await openInProcess(async (hosts) => {
    await hosts.add('app');
    hosts.github.faults.push({ when: /orgs\/acme\/repos/, status: 403, times: 1 });
  });
  const { hosts, service, output, advance } = served;
  await until(async () => output().includes('the source'));
  expect(await states(served)).toEqual({});
  advance(5 * minute + 1);
  await untilAll(served, 'empty', 1);

  hosts.github.faults.push({ when: /orgs\/acme\/repos/, status: 403, times: 1 });
  await service.list();
  expect((await served.store.readMirror('acme'))?.problem?.code).toBe('fleet-not-permitted');
  expect(service.ask('acme', served.identityOf('app'))).toBe(true);
  await until(() => isIdle(served));
  const lists = () => hosts.github.requests.filter((each) => each.includes('orgs/acme/repos')).length;
  const before = lists();
  advance(5 * minute + 1);
  await until(async () => lists() > before);
  await until(async () => (await served.store.readMirror('acme'))?.problem === undefined);
});

test('without any webhook a change is found by the newest entries, and what they hide by the daily look', async () => {
  await using served = await openInProcess((hosts) => hosts.add('app', 'main'));
  const { hosts, advance } = served;
  await untilAll(served, 'equal', 1);
  const [stored] = hosts.github.repositories.all;
  if (stored === undefined) throw new Error('there is one');
  const path = await hosts.github.repositories.path(stored);
  const isThere = async (tip: string) =>
    (await readRefs((await hosts.mirrorOf('app')) ?? ''))['refs/heads/main'] === tip;

  const told = await grow(path, 'main');
  stored.changedAt = new Date(stored.changedAt.getTime() + minute);
  advance(5 * minute + 1);
  await until(() => isThere(told));
  await until(() => isIdle(served));

  // A push that moves no time stamp.
  const hidden = await grow(path, 'main');
  advance(26 * 60 * minute);
  await until(() => isThere(hidden));
});

test('a listing that has shrunk blocks what it lacks, until a person accepts it', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `app-${index}`);
  await using served = await openInProcess(async (hosts) => {
    for (const name of names) await hosts.add(name);
  });
  const { hosts, service } = served;
  await untilAll(served, 'empty', 8);
  for (const each of hosts.github.repositories.all.slice(1)) hosts.github.repositories.remove(each);
  await service.list();
  const told = Object.values(await states(served)).filter((state) => state === 'blocked');
  expect(told).toHaveLength(7);
  await service.acceptListing('acme');
  const gone = Object.values(await states(served)).filter((state) => state === 'gone');
  expect(gone).toHaveLength(7);
  expect((await served.store.readMirror('acme'))?.problem).toBeUndefined();
  expect(hosts.gitlab.repositories.all).toHaveLength(8);
});
