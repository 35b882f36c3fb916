import { type BatchParts, mirrorBatch } from '../../../../src/fleet/aws/batch/mirrorBatch';
import { type AnyMessage, type Place, toMessageGroup } from '../../../../src/fleet/aws/resources/message';
import type { Queue } from '../../../../src/fleet/aws/resources/sqsQueue';

/** A clock that only moves when everything that happens at one moment has happened. */
export interface VirtualClock {
  now(): number;
  at(time: number, call: () => void): () => void;
  /** Fulfilled after so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** Moves on to each moment at which something is to happen, until none is left before `time`. */
  runUntil(time: number): Promise<void>;
}

interface Timer {
  readonly time: number;
  readonly call: () => void;
}

export function createVirtualClock(start: number): VirtualClock {
  let now = start;
  /** The latest first; of two of one moment, the one that was asked for first is the last. */
  const timers: Timer[] = [];

  function at(time: number, call: () => void): () => void {
    const timer = { time: Math.max(now, time), call };
    let [low, high] = [0, timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((timers[middle] as Timer).time > timer.time) low = middle + 1;
      else high = middle;
    }
    timers.splice(low, 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  }
  return {
    now: () => now,
    at,
    wait: (milliseconds) => new Promise((resolve) => at(now + milliseconds, resolve)),
    async runUntil(time) {
      for (;;) {
        await settle();
        const timer = timers.at(-1);
        if (timer === undefined || timer.time > time) break;
        timers.pop();
        now = timer.time;
        timer.call();
      }
      now = Math.max(now, time);
    },
  };
}

/** Lets every promise that can go on do so: no code under test waits for anything but the clock and promises. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

interface Stored {
  readonly id: string;
  readonly message: AnyMessage;
  readonly group: string;
  readonly sentAt: number;
  receives: number;
  visibleAt: number;
  receipt: string;
}

export interface SimulatedQueue extends Queue {
  /** Up to 10 visible messages, in the order of their groups: none of a group of which one is hidden. */
  receive(): readonly Stored[];
  delete(receipt: string): void;
  readonly stored: readonly Stored[];
  readonly dead: readonly AnyMessage[];
  /** How often each call was made. */
  readonly counts: { send: number; receive: number; delete: number; hide: number };
}

export interface QueueSettings {
  readonly clock: VirtualClock;
  readonly visibility: number;
  readonly tries: number;
}

const dedupMilliseconds = 300_000;

/** A FIFO queue of SQS with high throughput: groups, deduplication for five minutes, visibility, a dead-letter queue. */
export function createQueue({ clock, visibility, tries }: QueueSettings): SimulatedQueue {
  let stored: Stored[] = [];
  const dead: AnyMessage[] = [];
  const ids = new Map<string, number>();
  const counts = { send: 0, receive: 0, delete: 0, hide: 0 };
  let count = 0;
  return {
    dead,
    counts,
    get stored() {
      return stored;
    },
    async send(messages) {
      counts.send += Math.ceil(messages.length / 10);
      for (const message of messages) {
        const group = toMessageGroup(message);
        const key = `${group}\n${message.id}`;
        if ((ids.get(key) ?? -Infinity) > clock.now() - dedupMilliseconds) continue;
        ids.set(key, clock.now());
        count += 1;
        stored.push({
          id: `m${count}`,
          message,
          group,
          sentAt: clock.now(),
          receives: 0,
          visibleAt: clock.now(),
          receipt: '',
        });
      }
    },
    async hide(receipt, seconds) {
      counts.hide += 1;
      for (const each of stored) if (each.receipt === receipt) each.visibleAt = clock.now() + seconds * 1000;
    },
    receive() {
      counts.receive += 1;
      const blocked = new Set(
        stored.filter((each) => each.visibleAt > clock.now()).map(({ group }) => group),
      );
      const batch: Stored[] = [];
      for (const each of [...stored]) {
        if (batch.length === 10) break;
        if (blocked.has(each.group)) continue;
        if (each.receives >= tries) {
          dead.push(each.message);
          stored = stored.filter((other) => other !== each);
          continue;
        }
        count += 1;
        each.receives += 1;
        each.receipt = `r${count}`;
        each.visibleAt = clock.now() + visibility;
        batch.push(each);
      }
      return batch.map((each) => ({ ...each }));
    },
    delete(receipt) {
      counts.delete += 1;
      stored = stored.filter((each) => each.receipt !== receipt);
    },
  };
}

export interface Lambda {
  /** Invocations that have begun. */
  readonly counts: { invocations: number; milliseconds: number };
  /** Polls the queue while there is something to receive and a function is free. */
  poll(): void;
}

export interface LambdaSettings {
  readonly clock: VirtualClock;
  readonly queue: SimulatedQueue;
  readonly parts: BatchParts;
  readonly concurrency: number;
  readonly timeout: number;
  /** Milliseconds after which this invocation is killed; undefined for one that is not. */
  readonly killAfter: () => number | undefined;
  /** A poll that Lambda throttles: the messages were received, and nobody runs. */
  readonly isThrottled: () => boolean;
}

/** The event source mapping of a queue, and the sandboxes of the function: the handler in them is the real one. */
export function createLambda(settings: LambdaSettings): Lambda {
  const { clock, queue, parts, concurrency, timeout } = settings;
  const counts = { invocations: 0, milliseconds: 0 };
  let running = 0;

  async function invoke(batch: ReturnType<SimulatedQueue['receive']>): Promise<void> {
    const begin = clock.now();
    counts.invocations += 1;
    let isKilled = false;
    const end = new Promise<undefined>((resolve) => {
      const limit = Math.min(settings.killAfter() ?? Infinity, timeout);
      clock.at(begin + limit, () => {
        isKilled = true;
        resolve(undefined);
      });
    });
    // What a killed sandbox would still do does not happen: its hands are off.
    const hands: BatchParts = {
      ...parts,
      store: guard(parts.store, () => isKilled),
      queue: guard(parts.queue, () => isKilled),
      mirror: async (job, place, signal) => {
        const outcome = await parts.mirror(job, place, signal);
        if (isKilled) await new Promise(() => undefined);
        return outcome;
      },
    };
    const answer = await Promise.race([mirrorBatch(toEvent(batch), begin + timeout, hands), end]);
    counts.milliseconds += clock.now() - begin;
    if (answer === undefined) return;
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    for (const { id, receipt } of batch) if (!failed.has(id)) queue.delete(receipt);
  }
  function poll(): void {
    while (running < concurrency) {
      const batch = queue.receive();
      if (batch.length === 0) return;
      if (settings.isThrottled()) continue;
      running += 1;
      void invoke(batch).finally(() => {
        running -= 1;
        poll();
      });
    }
  }
  return { counts, poll };
}

function guard<T extends object>(part: T, isOver: () => boolean): T {
  return new Proxy(part, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => (isOver() ? new Promise(() => undefined) : value.apply(target, args));
    },
  });
}

function toEvent(batch: ReturnType<SimulatedQueue['receive']>) {
  return {
    Records: batch.map(({ id, receipt, message, receives, sentAt, group }) => ({
      messageId: id,
      receiptHandle: receipt,
      body: JSON.stringify(message),
      attributes: {
        ApproximateReceiveCount: String(receives),
        SentTimestamp: String(sentAt),
        MessageGroupId: group,
      },
    })),
  };
}

export function toPlace(name: string): Place {
  return { mirror: 'codecommit', identity: `codecommit.us-east-1#${name}`, path: name };
}
