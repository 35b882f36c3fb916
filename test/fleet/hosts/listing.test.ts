import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContext, failureOf, listAll, type TestContext } from './context';
import { type Rig, rigs } from './rigs';

describe.each(rigs)('%s lists', (_name, openRig) => {
  let rig: Rig;
  let context: TestContext;
  beforeEach(async () => {
    rig = await openRig();
    context = createContext();
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  /** 1,000 repositories: private, public, archived, forks, with and without a description. */
  function fill(count = 1_000): void {
    for (let index = 0; index < count; index += 1) {
      const name = `app-${String((index * 7) % count).padStart(4, '0')}`;
      rig.add(name, {
        isPrivate: index % 3 > 0,
        isArchived: index % 10 === 1,
        isFork: index % 10 === 2,
        description: index % 2 === 0 ? `number ${index} — “ü”` : '',
        bytes: index * 1_000,
      });
    }
  }
  const byIdentity = (one: { identity: string }, other: { identity: string }) =>
    one.identity < other.identity ? -1 : 1;
  const expectAll = (listed: Awaited<ReturnType<typeof listAll>>) =>
    expect([...listed].sort(byIdentity)).toEqual(
      rig.server.repositories.all.map((each) => rig.expected(each)).sort(byIdentity),
    );

  it('1,000 repositories, each once, as they are, one page after the other', async () => {
    fill();
    expectAll(await listAll(rig.open(context)));
    expect(rig.server.requests.filter((call) => rig.secondPage.test(call)).length).toBeGreaterThan(0);
    expect(rig.server.peak).toBe(1);
    expect(context.waits).toEqual([]);
  });

  it('an owner without repositories', async () => {
    expect(await listAll(rig.open(context))).toEqual([]);
  });

  it('all that are left when one is deleted between two pages, and does not lose the one that shifts', async () => {
    fill(250);
    const host = rig.open(context);
    // A row of the first page goes when the second one is asked for: row 101 moves onto the page that was read.
    const [gone] = await listAll(host);
    const meanwhile = () => {
      const found = rig.server.repositories.all.find(
        (each) => rig.expected(each).identity === gone?.identity,
      );
      if (found !== undefined) rig.server.repositories.remove(found);
    };
    rig.server.faults.push({ when: rig.secondPage, times: 1, meanwhile });
    const listed = await listAll(host);
    expect(rig.server.repositories.all).toHaveLength(249);
    expectAll(listed.filter(({ identity }) => identity !== gone?.identity));
  });

  it('not at all while rows shift on each reading', async () => {
    fill(250);
    const meanwhile = () => {
      const first = [...rig.server.repositories.all].sort((one, other) =>
        one.name < other.name ? -1 : 1,
      )[0];
      const oldest = rig.server.repositories.all[0];
      for (const each of [first, oldest]) if (each) rig.server.repositories.remove(each);
    };
    rig.server.faults.push({ when: rig.secondPage, meanwhile });
    const failure = await failureOf(listAll(rig.open(context)));
    expect(failure.code).toBe('fleet-listing-unstable');
  });

  it('what is created between two pages does no harm', async () => {
    fill(250);
    rig.server.faults.push({ when: rig.secondPage, times: 1, meanwhile: () => void rig.add('zz-new') });
    expectAll(await listAll(rig.open(context)));
  });

  it('nothing as a whole where a page fails', async () => {
    fill(250);
    rig.server.faults.push({ when: rig.secondPage, status: 502, body: '<html>Bad Gateway</html>' });
    const failure = await failureOf(listAll(rig.open(context)));
    expect(failure.code).toBe('fleet-host-failed');
    expect(failure.message).toContain('502');
    // 1 s, 2 s, 4 s, each with jitter.
    expect(context.waits.map((wait) => Math.ceil(wait / 1_000))).toEqual([
      1,
      2,
      expect.toSatisfy((n) => n > 1 && n <= 4),
    ]);
  });

  it('all where a page fails and then comes', async () => {
    fill(250);
    rig.server.faults.push({ when: rig.secondPage, status: 503, times: 2 });
    rig.server.faults.push({ when: rig.secondPage, resets: true, times: 1 });
    expectAll(await listAll(rig.open(context)));
    expect(context.waits).toHaveLength(3);
  });

  it('nothing where the answer is no JSON, or is something else', async () => {
    fill(3);
    for (const body of ['<html>Please log in</html>', { values: 'none', isLastPage: true }, [{ id: 'x' }]]) {
      rig.server.faults.splice(0, 1, { when: rig.list, status: 200, body });
      const failure = await failureOf(listAll(rig.open(context)));
      expect(failure.code).toBe('fleet-host-failed');
      expect(failure.message).toContain("can't be read");
    }
  });

  it('nothing where nobody answers', async () => {
    const open = () => rig.open(createContext({ answerMilliseconds: 50 }));
    rig.server.faults.push({ hangs: true });
    expect((await failureOf(listAll(open()))).code).toBe('fleet-host-unreachable');
    rig.server.faults.splice(0, 1, { resets: true });
    expect((await failureOf(listAll(open()))).code).toBe('fleet-host-unreachable');
    await rig.server[Symbol.asyncDispose]();
    expect((await failureOf(listAll(open()))).code).toBe('fleet-host-unreachable');
  });

  it('no owner that there is not', async () => {
    const failure = await failureOf(listAll(rig.open(context, { owner: 'nobody' })));
    expect(failure.code).toBe('fleet-owner-not-found');
    expect(failure.message).toContain('"nobody"');
  });

  it('the newest first, and no more pages than are wanted', async () => {
    fill(250);
    for (const each of rig.server.repositories.all)
      each.changedAt = new Date(Date.UTC(2026, 5, 1) + ((each.id * 7919) % 250_000));
    const host = rig.open(context);
    for await (const page of host.list({ newestFirst: true })) {
      const times = page.map(({ changedAt }) => changedAt?.getTime() ?? 0);
      expect(page.length).toBeGreaterThan(0);
      expect(times).toEqual([...times].sort((one, other) => other - one));
      const newest = Math.max(...rig.server.repositories.all.map(({ changedAt }) => changedAt.getTime()));
      if (host.kind !== 'bitbucket-datacenter') expect(times[0]).toBe(newest);
      break;
    }
    expect(rig.server.requests.filter((call) => rig.list.test(call))).toHaveLength(1);
  });

  it('each once with the newest first, also where one moves up meanwhile', async () => {
    fill(250);
    const meanwhile = () => {
      const [oldest] = [...rig.server.repositories.all].sort(
        (one, other) => one.changedAt.getTime() - other.changedAt.getTime(),
      );
      if (oldest !== undefined) oldest.changedAt = new Date(Date.UTC(2027, 0, 1));
    };
    rig.server.faults.push({ when: rig.secondPage, times: 1, meanwhile });
    const ids = (await listAll(rig.open(context), true)).map(({ identity }) => identity);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(248);
  });
});
