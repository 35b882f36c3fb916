/**
 * Items that are made anew each time they are read, as there may be more of them than memory should hold. Like an
 * array's, its methods give another one; unlike an array's, they do nothing until that is read.
 */
export class Sequence<T> implements Iterable<T> {
  readonly #make: () => Iterable<T>;

  /** `make` must give the same items each time. */
  constructor(make: () => Iterable<T>) {
    this.#make = make;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#make()[Symbol.iterator]();
  }

  map<U>(to: (item: T) => U): Sequence<U> {
    const items = this.#make;
    return new Sequence(function* () {
      for (const item of items()) yield to(item);
    });
  }

  filter<U extends T>(test: (item: T) => item is U): Sequence<U>;
  filter(test: (item: T) => boolean): Sequence<T>;
  filter(test: (item: T) => boolean): Sequence<T> {
    const items = this.#make;
    return new Sequence(function* () {
      for (const item of items()) if (test(item)) yield item;
    });
  }

  flatMap<U>(to: (item: T) => Iterable<U>): Sequence<U> {
    const items = this.#make;
    return new Sequence(function* () {
      for (const item of items()) yield* to(item);
    });
  }

  /** All of these, then all of those. */
  concat(others: Iterable<T>): Sequence<T> {
    const items = this.#make;
    return new Sequence(function* () {
      yield* items();
      yield* others;
    });
  }

  some(test: (item: T) => boolean): boolean {
    for (const item of this) if (test(item)) return true;
    return false;
  }

  count(): number {
    let count = 0;
    for (const _item of this) count++;
    return count;
  }

  /** The first ones, at most so many. */
  take(most: number): T[] {
    for (const piece of toPieces(this, most)) return [...piece];
    return [];
  }

  isEmpty(): boolean {
    return !this.some(() => true);
  }
}

interface Named {
  readonly ref: string;
}

/** The items of two sequences, both in the order of their names, side by side; each name comes once. */
export function* pairUp<A extends Named, B extends Named>(
  first: Iterable<A>,
  second: Iterable<B>,
): Generator<readonly [A, B | undefined] | readonly [undefined, B]> {
  const others = second[Symbol.iterator]();
  let other = others.next();
  for (const item of first) {
    for (; !other.done && other.value.ref < item.ref; other = others.next()) yield [undefined, other.value];
    const isPair = !other.done && other.value.ref === item.ref;
    yield [item, isPair ? other.value : undefined];
    if (isPair) other = others.next();
  }
  for (; !other.done; other = others.next()) yield [undefined, other.value];
}

/** Items in pieces of so many. */
export function* toPieces<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let piece: T[] = [];
  for (const item of items) {
    piece.push(item);
    if (piece.length < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
