import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lane, lanes, type QueueItem } from '../../../src/fleet/schedule/lanes';
import { RepositoryQueue } from '../../../src/fleet/schedule/queue';
import { VirtualClock } from './virtualClock';

interface Run {
  readonly key: string;
  readonly mirror: string;
  readonly lane: Lane;
  readonly from: number;
  to?: number;
}

interface StageOptions {
  readonly concurrency?: number;
  readonly limits?: Record<string, number>;
  readonly took?: (item: QueueItem) => number;
  readonly fails?: (item: QueueItem) => boolean;
}

/** A queue whose runs take virtual time, and what happened in it. */
function openStage({
  concurrency = 2,
  limits = {},
  took = () => 10,
  fails = () => false,
}: StageOptions = {}) {
  const clock = new VirtualClock();
  const runs: Run[] = [];
  const crashes: unknown[] = [];
  const peaks = new Map<string, number>();
  const present = new Map<string, number>();
  const queue = new RepositoryQueue<QueueItem>({
    concurrency,
    limitOf: (host) => limits[host] ?? 99,
    crashed: (error) => crashes.push(error),
    run: async (item, lane) => {
      const run: Run = { key: item.key, mirror: item.mirror, lane, from: clock.now };
      runs.push(run);
      const names = ['all', item.key, ...item.hosts];
      for (const name of names) {
        present.set(name, (present.get(name) ?? 0) + 1);
        peaks.set(name, Math.max(peaks.get(name) ?? 0, present.get(name) ?? 0));
      }
      await clock.sleep(took(item));
      for (const name of names) present.set(name, (present.get(name) ?? 0) - 1);
      run.to = clock.now;
      if (fails(item)) throw new Error(item.key);
    },
  });
  return { clock, queue, runs, crashes, peaks };
}

const item = (key: string, mirror = 'one', hosts: readonly string[] = []): QueueItem => ({
  key,
  mirror,
  hosts,
});

describe('the queue', () => {
  it('runs the most urgent first, and so many at a time', async () => {
    const { clock, queue, runs, peaks } = openStage({ concurrency: 1 });
    queue.add(item('running'), 'first');
    for (const lane of lanes.toReversed()) queue.add(item(lane), lane);
    expect(queue.counts).toEqual({ webhook: 1, asked: 1, due: 1, first: 1, running: 1 });
    await clock.runToEnd();
    expect(runs.map(({ key }) => key)).toEqual(['running', 'webhook', 'asked', 'due', 'first']);
    expect(peaks.get('all')).toBe(1);
    expect(queue.counts).toEqual({ webhook: 0, asked: 0, due: 0, first: 0, running: 0 });
  });

  it('lets one wait once, in the most urgent lane that was asked for', async () => {
    const { clock, queue, runs } = openStage({ concurrency: 1 });
    queue.add(item('running'), 'due');
    queue.add(item('a'), 'first');
    queue.add(item('b'), 'due');
    queue.add(item('a'), 'webhook');
    queue.add(item('a'), 'due');
    expect(queue.stateOf('a')).toBe('waiting');
    await clock.runToEnd();
    expect(runs.map(({ key, lane }) => `${key} ${lane}`)).toEqual(['running due', 'a webhook', 'b due']);
  });

  it('runs one once more when something arrives during its run, however much arrives', async () => {
    const { clock, queue, runs, peaks } = openStage();
    queue.add(item('a'), 'due');
    for (const time of [1, 2, 9]) clock.at(time, () => queue.add(item('a'), time === 2 ? 'webhook' : 'due'));
    clock.at(5, () => expect(queue.stateOf('a')).toBe('dirty'));
    await clock.runToEnd();
    expect(runs.map(({ from, lane }) => [from, lane])).toEqual([
      [0, 'due'],
      [10, 'webhook'],
    ]);
    expect(peaks.get('a')).toBe(1);
  });

  it('does not let a host that is busy hold up the others', async () => {
    const { clock, queue, runs, peaks } = openStage({ concurrency: 3, limits: { slow: 1 } });
    for (const key of ['s1', 's2', 's3']) queue.add(item(key, 'slow', ['slow', 'to']), 'webhook');
    for (const key of ['f1', 'f2']) queue.add(item(key, 'fast', ['fast', 'to']), 'first');
    await clock.runToEnd();
    expect(runs.map(({ key, from }) => [key, from])).toEqual([
      ['s1', 0],
      ['f1', 0],
      ['f2', 0],
      ['s2', 10],
      ['s3', 20],
    ]);
    expect([peaks.get('slow'), peaks.get('to')]).toEqual([1, 3]);
  });

  it('counts a destination that several mirrors share', async () => {
    const { clock, queue, peaks } = openStage({ concurrency: 9, limits: { to: 2 } });
    for (let index = 0; index < 6; index++)
      queue.add(item(`${index}`, `m${index}`, [`from${index}`, 'to']), 'due');
    await clock.runToEnd();
    expect([peaks.get('to'), peaks.get('all')]).toEqual([2, 2]);
  });

  it('lets mirrors take turns', async () => {
    const { clock, queue, runs } = openStage({ concurrency: 1 });
    for (let index = 0; index < 4; index++) queue.add(item(`big${index}`, 'big'), 'first');
    for (let index = 0; index < 2; index++) queue.add(item(`small${index}`, 'small'), 'first');
    await clock.runToEnd();
    expect(runs.map(({ key }) => key)).toEqual(['big0', 'big1', 'small0', 'big2', 'small1', 'big3']);
  });

  it('starves nobody: among many urgent ones, the one that waits longest has its turn', async () => {
    const { clock, queue, runs } = openStage({ concurrency: 1 });
    queue.add(item('running'), 'due');
    for (const [key, lane] of [
      ['old first', 'first'],
      ['old due', 'due'],
    ] as const)
      queue.add(item(key), lane);
    // Two webhooks come for each one that can run.
    for (let time = 1; time < 400; time += 5) clock.at(time, () => queue.add(item(`w${time}`), 'webhook'));
    await clock.runToEnd();
    const order = runs.map(({ key }) => key);
    expect(order.indexOf('old first')).toBeLessThan(12);
    expect(order.indexOf('old due')).toBeLessThan(24);
  });

  it('goes on after a crash, and tells it', async () => {
    const { clock, queue, runs, crashes } = openStage({ concurrency: 1, fails: ({ key }) => key === 'a' });
    queue.add(item('a'), 'due');
    queue.add(item('b'), 'due');
    clock.at(3, () => queue.add(item('a'), 'due'));
    await clock.runToEnd();
    expect(runs.map(({ key }) => key)).toEqual(['a', 'b', 'a']);
    expect(crashes).toEqual([new Error('a'), new Error('a')]);
  });

  it('begins nothing more when it is stopped, and ends what runs', async () => {
    const { clock, queue, runs } = openStage({ concurrency: 1 });
    for (const key of ['a', 'b', 'c']) queue.add(item(key), 'due');
    let isStopped = false;
    clock.at(3, () => {
      queue.add(item('a'), 'webhook');
      void queue.stop().then(() => {
        isStopped = true;
      });
      expect(queue.add(item('d'), 'webhook')).toBe(false);
    });
    clock.at(9, () => expect(isStopped).toBe(false));
    await clock.runToEnd();
    expect(runs.map(({ key, to }) => [key, to])).toEqual([['a', 10]]);
    expect(isStopped).toBe(true);
  });

  it('forgets what is taken back', async () => {
    const { clock, queue, runs } = openStage({ concurrency: 1 });
    queue.add(item('a'), 'due');
    queue.add(item('a'), 'due');
    queue.add(item('b'), 'due');
    queue.remove(item('a'));
    queue.remove(item('b'));
    queue.remove(item('never there'));
    await clock.runToEnd();
    expect(runs.map(({ key }) => key)).toEqual(['a']);
  });

  it('is idle when nothing waits and nothing runs', async () => {
    const { clock, queue } = openStage({ concurrency: 1 });
    await queue.idle();
    let isIdle = false;
    for (const key of ['a', 'b']) queue.add(item(key), 'due');
    void queue.idle().then(() => {
      isIdle = true;
    });
    clock.at(15, () => expect(isIdle).toBe(false));
    await clock.runToEnd();
    expect([isIdle, clock.now]).toEqual([true, 20]);
  });

  it('keeps its promises whatever arrives when', async () => {
    const arrivals = fc.array(
      fc.record({ at: fc.nat(200), key: fc.nat(7), lane: fc.constantFrom(...lanes) }),
      { minLength: 1, maxLength: 60 },
    );
    const limit = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        limit,
        limit,
        limit,
        fc.nat(40),
        async (each, concurrency, from, to, took) => {
          const limits = { from0: from, from1: from, to };
          const stage = openStage({ concurrency, limits, took: ({ key }) => took + Number(key) });
          const { clock, queue, runs, peaks } = stage;
          for (const { at, key, lane } of each)
            clock.at(at, () => queue.add(item(`${key}`, `m${key % 2}`, [`from${key % 2}`, 'to']), lane));
          await clock.runToEnd();
          // After each arrival a run began, or began at that moment; and there are no more runs than arrivals.
          for (const { at, key } of each)
            expect(runs.some((run) => run.key === `${key}` && run.from >= at)).toBe(true);
          expect(runs.length).toBeLessThanOrEqual(each.length);
          expect(peaks.get('all')).toBeLessThanOrEqual(concurrency);
          for (const [host, most] of Object.entries(limits))
            expect(peaks.get(host) ?? 0).toBeLessThanOrEqual(most);
          for (let key = 0; key < 8; key++) expect(peaks.get(`${key}`) ?? 0).toBeLessThanOrEqual(1);
          expect(queue.counts).toEqual({ webhook: 0, asked: 0, due: 0, first: 0, running: 0 });
        },
      ),
      { numRuns: 60 },
    );
  });
});
