import { type Lane, moreUrgent, type QueueItem } from './lanes';
import { WaitingItems } from './waiting';

export interface QueueOptions<T extends QueueItem> {
  /** Runs at the same time. */
  readonly concurrency: number;
  /** Runs at the same time that use this host. */
  readonly limitOf: (host: string) => number;
  /** Does the work. What it throws goes to `crashed`, and the queue goes on. */
  readonly run: (item: T, lane: Lane) => Promise<void>;
  readonly crashed: (error: unknown, item: T) => void;
}

interface Running<T> {
  /** What is to run once more after this run. */
  dirty: { readonly item: T; readonly lane: Lane } | undefined;
}

/**
 * Which repository runs next. Each waits once at most and runs once at most; what arrives during its run causes one more
 * run, so that each arrival is followed by a run that begins after it. It has no clock: who is due is decided elsewhere.
 */
export class RepositoryQueue<T extends QueueItem> {
  readonly #options: QueueOptions<T>;
  readonly #waiting = new WaitingItems<T>();
  readonly #running = new Map<string, Running<T>>();
  readonly #hosts = new Map<string, number>();
  #quietListeners: (() => void)[] = [];
  #isStopped = false;

  constructor(options: QueueOptions<T>) {
    this.#options = options;
  }

  /** Asks for a run that begins after this moment. False where the queue is stopped. */
  add(item: T, lane: Lane): boolean {
    if (this.#isStopped) return false;
    const current = this.#running.get(item.key);
    if (current !== undefined) {
      current.dirty = {
        item,
        lane: current.dirty === undefined ? lane : moreUrgent(current.dirty.lane, lane),
      };
      return true;
    }
    this.#waiting.add(item, lane);
    this.#startAll();
    return true;
  }

  /** Takes back what waits, and what would follow the present run. */
  remove(item: Pick<QueueItem, 'key' | 'mirror'>): void {
    this.#waiting.remove(item);
    const current = this.#running.get(item.key);
    if (current !== undefined) current.dirty = undefined;
    this.#tellWhenQuiet();
  }

  stateOf(key: string): 'waiting' | 'running' | 'dirty' | undefined {
    const current = this.#running.get(key);
    if (current !== undefined) return current.dirty === undefined ? 'running' : 'dirty';
    return this.#waiting.has(key) ? 'waiting' : undefined;
  }

  /** How many wait in each lane, and how many run. */
  get counts(): Readonly<Record<Lane | 'running', number>> {
    return { ...this.#waiting.counts, running: this.#running.size };
  }

  /** Starts nothing any more. Resolved when nothing runs. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#whenQuiet();
  }

  /** Resolved when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    await this.#whenQuiet();
  }

  #startAll(): void {
    while (!this.#isStopped) {
      const next = this.#waiting.take((item) => this.#hasRoom(item));
      if (next === undefined) return;
      this.#running.set(next.item.key, { dirty: undefined });
      this.#count(next.item, 1);
      void this.#run(next.item, next.lane);
    }
  }

  async #run(item: T, lane: Lane): Promise<void> {
    const { run, crashed } = this.#options;
    try {
      // Not at once: what runs may add to this queue.
      await Promise.resolve();
      await run(item, lane);
    } catch (error) {
      crashed(error, item);
    } finally {
      this.#end(item);
    }
  }

  #end(item: T): void {
    const dirty = this.#running.get(item.key)?.dirty;
    this.#running.delete(item.key);
    this.#count(item, -1);
    if (dirty !== undefined) this.#waiting.add(dirty.item, dirty.lane);
    this.#startAll();
    this.#tellWhenQuiet();
  }

  #hasRoom({ hosts }: T): boolean {
    const { concurrency, limitOf } = this.#options;
    return (
      this.#running.size < concurrency && hosts.every((host) => (this.#hosts.get(host) ?? 0) < limitOf(host))
    );
  }

  #count({ hosts }: T, change: 1 | -1): void {
    for (const host of hosts) this.#hosts.set(host, (this.#hosts.get(host) ?? 0) + change);
  }

  get #isQuiet(): boolean {
    return this.#running.size === 0 && (this.#isStopped || this.#waiting.size === 0);
  }

  #tellWhenQuiet(): void {
    if (!this.#isQuiet) return;
    const listeners = this.#quietListeners;
    this.#quietListeners = [];
    for (const listener of listeners) listener();
  }

  async #whenQuiet(): Promise<void> {
    if (this.#isQuiet) return;
    await new Promise<void>((resolve) => this.#quietListeners.push(resolve));
  }
}
