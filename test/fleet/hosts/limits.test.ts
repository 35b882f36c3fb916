import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLimiters, systemClock } from '../../../src/fleet/hosts/api/limiter';
import { readLink, readRetryAfter } from '../../../src/fleet/hosts/api/limits';
import { HostThrottled } from '../../../src/fleet/hosts/errors';
import { openGithub } from '../../../src/fleet/hosts/github';
import { openGithubServer } from '../../../src/sandbox/hosts/github';
import { createContext, failureOf, listAll, type TestContext } from './context';
import { type OpenRig, type Rig, rigs, tokenText } from './rigs';

const rigOf = (name: string): OpenRig => {
  const found = rigs.find(([each]) => each === name);
  if (found === undefined) throw new Error(name);
  return found[1];
};

describe.each(rigs)('%s limits requests', (_name, openRig) => {
  let rig: Rig;
  let context: TestContext;
  beforeEach(async () => {
    rig = await openRig();
    context = createContext();
    for (let index = 0; index < 150; index += 1) rig.add(`app-${index}`);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  it('and we wait as long as it asks, then go on', async () => {
    rig.server.faults.push({ when: rig.secondPage, status: 429, headers: { 'Retry-After': '7' }, times: 2 });
    expect(await listAll(rig.open(context))).toHaveLength(150);
    expect(context.waits).toEqual([7_000, 7_000]);
  });

  it('while it is being mended: 503 with a time', async () => {
    rig.server.faults.push({ when: rig.secondPage, status: 503, headers: { 'Retry-After': '20' }, times: 1 });
    expect(await listAll(rig.open(context))).toHaveLength(150);
    expect(context.waits).toEqual([20_000]);
  });

  it('and says no time: a minute, doubling', async () => {
    rig.server.faults.push({ when: rig.secondPage, status: 429, times: 2 });
    expect(await listAll(rig.open(context))).toHaveLength(150);
    expect(context.waits).toEqual([60_000, 120_000]);
  });

  it('for longer than we wait: an error that says until when', async () => {
    rig.server.faults.push({ when: rig.secondPage, status: 429, headers: { 'Retry-After': '3600' } });
    const host = rig.open(context);
    const failure = await failureOf(listAll(host));
    expect(failure.code).toBe('fleet-host-throttled');
    const until = failure instanceof HostThrottled ? failure.until.getTime() : 0;
    expect(until).toBe(context.clock.now() + 3_600_000);
    expect(failure.message).toContain(new Date(until).toISOString());
    expect(context.waits).toEqual([]);
    // What comes after it does not ask again before that time.
    const asked = rig.server.requests.length;
    expect((await failureOf(host.find(`${host.authority}#1`))).code).toBe('fleet-host-throttled');
    expect(rig.server.requests).toHaveLength(asked);
  });

  it('without an end: an error after four tries', async () => {
    rig.server.faults.push({ when: rig.secondPage, status: 429, headers: { 'Retry-After': '5' } });
    expect((await failureOf(listAll(rig.open(context)))).code).toBe('fleet-host-throttled');
    expect(context.waits).toEqual([5_000, 5_000, 5_000]);
  });

  it('and says so once, also where several wait for it', async () => {
    const said: unknown[] = [];
    const onWait = (host: string, milliseconds: number, why: string) => said.push([host, milliseconds, why]);
    const identities = rig.server.repositories.all.slice(0, 8).map((each) => rig.expected(each).identity);
    // Four at once are held back, and the four that come after them.
    const areAllHeld = async () => {
      while (held.waits.length < identities.length) await new Promise((resolve) => setImmediate(resolve));
    };
    const held: TestContext = createContext({ onWait }, areAllHeld);
    const host = rig.open(held);
    rig.server.faults.push({ status: 429, headers: { 'Retry-After': '9' }, times: 4 });
    await Promise.all(identities.map((identity) => host.find(identity)));
    expect(said).toEqual([[expect.stringContaining(host.authority), 9_000, expect.stringContaining('429')]]);
  });

  it('and a stop ends the wait', async () => {
    const stopping = new AbortController();
    const stopped = createContext({ signal: stopping.signal });
    const clock = {
      now: stopped.clock.now,
      wait: async (milliseconds: number, signal: AbortSignal) => {
        stopping.abort('SIGTERM');
        await stopped.clock.wait(milliseconds, signal);
      },
    };
    rig.server.faults.push({ when: rig.secondPage, status: 429, headers: { 'Retry-After': '5' } });
    const failure = await failureOf(listAll(rig.open({ ...stopped, clock })));
    expect([failure.code, failure.exitCode]).toEqual(['stopped', 143]);
  });

  it('and gets no more than so many at once, of all its hosts together', async () => {
    const limiters = createLimiters(3);
    const hosts = [1, 2].map(() => rig.open(createContext({ limiters })));
    const [some] = hosts;
    // The first three wait for each other; if fewer came at once, they would wait for ever.
    const arrived: (() => void)[] = [];
    const until = () =>
      new Promise<void>((resolve) => {
        arrived.push(resolve);
        if (arrived.length >= 3) for (const go of arrived) go();
      });
    rig.server.faults.push({ until });
    const identities = rig.server.repositories.all.slice(0, 12).map((each) => rig.expected(each).identity);
    const found = await Promise.all(
      hosts.flatMap((host) => identities.map((identity) => host.find(identity))),
    );
    expect(found.map((each) => each?.identity)).toEqual([...identities, ...identities]);
    expect(some?.authority).toBe(new URL(rig.server.url).host);
    expect(rig.server.peak).toBe(3);
  });
});

describe('GitHub limits requests in its own ways:', () => {
  let rig: Rig;
  let context: TestContext;
  beforeEach(async () => {
    rig = await rigOf('GitHub')();
    context = createContext();
    rig.add('app');
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  it('the hour, by 403 and the time at which it ends', async () => {
    const reset = Math.floor(Date.now() / 1_000) + 120;
    const headers = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(reset) };
    const body = { message: 'API rate limit exceeded for user ID 1.' };
    rig.server.faults.push({ when: rig.list, status: 403, headers, body, times: 1 });
    expect(await listAll(rig.open(context))).toHaveLength(1);
    expect(context.waits).toEqual([expect.toSatisfy((wait: number) => wait > 110_000 && wait <= 121_000)]);
  });

  it('the secondary one, by 403 and a sentence', async () => {
    const body = {
      message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    };
    rig.server.faults.push({ when: rig.list, status: 403, body, times: 1 });
    expect(await listAll(rig.open(context))).toHaveLength(1);
    expect(context.waits).toEqual([60_000]);
  });

  it('a last answer that was given and says that nothing is left', async () => {
    await rig[Symbol.asyncDispose]();
    await using server = await openGithubServer();
    server.tokens.set(tokenText, { user: 'bot', scopes: ['repo'] });
    server.remaining = 2;
    const host = openGithub({ url: server.url, owner: 'acme', readToken: async () => tokenText }, context);
    const failure = await failureOf(listAll(host));
    expect(failure.code).toBe('fleet-host-throttled');
    // Two were asked, and the third was not.
    expect(server.requests).toHaveLength(2);
  });

  it('a second between two requests that change something', async () => {
    const host = rig.open(context);
    for (const name of ['one', 'two', 'three']) await host.create({ name, description: '' });
    expect(context.waits).toEqual([1_000, 1_000]);
  });
});

describe('other hosts limit requests in their own ways:', () => {
  it('GitLab, by the time at which its period ends', async () => {
    await using rig = await rigOf('GitLab')();
    const context = createContext();
    const reset = Math.floor(Date.now() / 1_000) + 30;
    rig.server.faults.push({
      when: rig.list,
      status: 429,
      headers: { 'RateLimit-Reset': String(reset) },
      times: 1,
    });
    expect(await listAll(rig.open(context))).toEqual([]);
    expect(context.waits).toEqual([expect.toSatisfy((wait: number) => wait > 20_000 && wait <= 31_000)]);
  });

  it('Data Center, by the seconds in which its bucket fills', async () => {
    await using rig = await rigOf('Bitbucket Data Center')();
    const context = createContext();
    const headers = { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Interval-Seconds': '3' };
    rig.server.faults.push({ when: rig.list, status: 429, headers, times: 1 });
    expect(await listAll(rig.open(context))).toEqual([]);
    expect(context.waits).toEqual([3_000]);
  });
});

it('a wait in real time ends with the program', async () => {
  const stopping = new AbortController();
  const waiting = systemClock.wait(3_600_000, stopping.signal);
  stopping.abort('SIGTERM');
  await expect(waiting).rejects.toThrow('aborted');
  await systemClock.wait(1, new AbortController().signal);
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000);
});

describe('headers', () => {
  const now = Date.UTC(2026, 10, 26, 12);

  it('Retry-After: seconds, or a date by the clock of the host', () => {
    expect(readRetryAfter({}, now)).toBeUndefined();
    expect(readRetryAfter({ 'retry-after': '0' }, now)).toBe(0);
    expect(readRetryAfter({ 'retry-after': '120' }, now)).toBe(120_000);
    const date = 'Thu, 26 Nov 2026 12:00:10 GMT';
    expect(readRetryAfter({ 'retry-after': date }, now)).toBe(10_000);
    expect(readRetryAfter({ 'retry-after': date, date: 'Thu, 26 Nov 2026 12:00:07 GMT' }, now)).toBe(3_000);
    expect(readRetryAfter({ 'retry-after': 'Thu, 26 Nov 2026 11:00:00 GMT' }, now)).toBe(0);
    expect(readRetryAfter({ 'retry-after': 'soon' }, now)).toBeUndefined();
  });

  it('Link', () => {
    const link =
      '<https://h/r?a=1,2&page=1>; rel="prev", <https://h/r?a=1,2&page=3>; rel="next", <https://h/r?page=9>; rel="last"';
    expect(readLink({ link }, 'next')).toBe('https://h/r?a=1,2&page=3');
    expect(readLink({ link }, 'last')).toBe('https://h/r?page=9');
    expect(readLink({ link }, 'first')).toBeUndefined();
    expect(readLink({}, 'next')).toBeUndefined();
    expect(readLink({ link: '<https://h/x>; rel=next' }, 'next')).toBe('https://h/x');
  });
});
