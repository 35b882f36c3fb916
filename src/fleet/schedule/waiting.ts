import { type Lane, lanes, moreUrgent, type QueueItem } from './lanes';

/** After so many starts by urgency, the next one is that of the item that has waited longest, whatever its lane. */
const patience = 8;

interface Place {
  readonly lane: Lane;
  /** Items are numbered as they come. */
  readonly number: number;
}

/** What waits, by lane and by mirror. In a lane the mirrors take turns; within a mirror the first comes first. */
export class WaitingItems<T extends QueueItem> {
  readonly #places = new Map<string, Place>();
  readonly #lanes: ReadonlyMap<Lane, Map<string, Map<string, T>>> = new Map(
    lanes.map((lane) => [lane, new Map<string, Map<string, T>>()]),
  );
  #arrivals = 0;
  #startsByUrgency = 0;

  get size(): number {
    return this.#places.size;
  }

  get counts(): Record<Lane, number> {
    const counts = { webhook: 0, asked: 0, due: 0, first: 0 };
    for (const { lane } of this.#places.values()) counts[lane]++;
    return counts;
  }

  has(key: string): boolean {
    return this.#places.has(key);
  }

  /** A more urgent lane takes over what waits in another one. */
  add(item: T, lane: Lane): void {
    const before = this.#places.get(item.key);
    const chosen = before === undefined ? lane : moreUrgent(before.lane, lane);
    if (before !== undefined && chosen !== before.lane) this.remove(item);
    const mirrors = this.#mirrorsOf(chosen);
    const items = mirrors.get(item.mirror) ?? new Map<string, T>();
    mirrors.set(item.mirror, items);
    items.set(item.key, item);
    this.#places.set(item.key, { lane: chosen, number: before?.number ?? this.#arrivals++ });
  }

  remove({ key, mirror }: Pick<QueueItem, 'key' | 'mirror'>): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    const mirrors = this.#mirrorsOf(place.lane);
    const items = mirrors.get(mirror);
    items?.delete(key);
    if (items?.size === 0) mirrors.delete(mirror);
    this.#places.delete(key);
  }

  /** Takes the item that is next among those that there is room for. */
  take(hasRoom: (item: T) => boolean): { readonly item: T; readonly lane: Lane } | undefined {
    const isOldestTurn = this.#startsByUrgency >= patience;
    const heads = this.#queues().flatMap((queue) => toHead(queue));
    // All items of a mirror use the same hosts: where there is no room for the first, there is none for the others.
    const fitting = heads.filter(hasRoom);
    const item = isOldestTurn ? fitting.sort((a, b) => this.#numberOf(a) - this.#numberOf(b))[0] : fitting[0];
    const place = item && this.#places.get(item.key);
    if (item === undefined || place === undefined) return undefined;
    this.#startsByUrgency = isOldestTurn ? 0 : this.#startsByUrgency + 1;
    this.remove(item);
    this.#endTurn(item.mirror, place.lane);
    return { item, lane: place.lane };
  }

  /** The mirror goes behind the others of the lane. */
  #endTurn(mirror: string, lane: Lane): void {
    const mirrors = this.#mirrorsOf(lane);
    const items = mirrors.get(mirror);
    if (items === undefined) return;
    mirrors.delete(mirror);
    mirrors.set(mirror, items);
  }

  #numberOf({ key }: T): number {
    return this.#places.get(key)?.number ?? 0;
  }

  #queues(): readonly Map<string, T>[] {
    return lanes.flatMap((lane) => [...this.#mirrorsOf(lane).values()]);
  }

  #mirrorsOf(lane: Lane): Map<string, Map<string, T>> {
    const mirrors = this.#lanes.get(lane);
    if (mirrors === undefined) throw new Error(`no lane ${lane}`);
    return mirrors;
  }
}

/** The first, without a look at the others: a queue may hold thousands. */
function toHead<T>(queue: ReadonlyMap<string, T>): readonly T[] {
  for (const item of queue.values()) return [item];
  return [];
}
