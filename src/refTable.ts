import { setFlagsFromString } from 'node:v8';

/** Full ref name → object ID; a Map is one, too. */
export interface RefMap {
  readonly size: number;
  get(ref: string): string | undefined;
  has(ref: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<string>;
  [Symbol.iterator](): Iterator<readonly [string, string]>;
}

const oidBytes = 20;

/**
 * Refs in the order of their names' bytes, for repositories that have many: a ref takes 28 bytes beside its name, and
 * is found in logarithmic time, or at once after the one before it. In a Map it would take some 200.
 */
class RefTable implements RefMap {
  readonly #names: Buffer;
  /** Where each name ends; it begins where the one before it, as they were added, ends. */
  readonly #ends: Uint32Array;
  readonly #oids: Buffer;
  /** The entries in their order: what was added when. */
  readonly #order: Uint32Array;
  /** The place after the one that was looked up last: two sides are compared in the order of their names. */
  #next = 0;

  constructor(names: Buffer, ends: readonly number[], oids: Buffer) {
    this.#names = names;
    this.#ends = Uint32Array.from(ends);
    this.#oids = oids;
    const added = Uint32Array.from(ends.keys());
    // As git lists refs; to sort what is sorted would take longer than all else.
    const isOrdered = added.every((at) => at === 0 || this.#compare(at - 1, this.#read(at)) < 0);
    this.#order = isOrdered ? added : this.#toOrder(added);
  }

  #toOrder(added: Uint32Array): Uint32Array {
    const order = added.sort((a, b) => this.#compare(a, this.#read(b)) || a - b);
    return order.filter((at, place) => {
      const next = order[place + 1];
      return next === undefined || this.#compare(at, this.#read(next)) !== 0;
    });
  }

  get size(): number {
    return this.#order.length;
  }

  get(ref: string): string | undefined {
    const name = Buffer.from(ref);
    let [low, high] = [0, this.#order.length - 1];
    for (let place = Math.min(this.#next, high); low <= high; place = (low + high) >>> 1) {
      const at = this.#order[place] ?? 0;
      const side = this.#compare(at, name);
      this.#next = side <= 0 ? place + 1 : place;
      if (side === 0) return this.#readOid(at);
      if (side < 0) low = place + 1;
      else high = place - 1;
    }
    return undefined;
  }

  has(ref: string): boolean {
    return this.get(ref) !== undefined;
  }

  *keys(): Generator<string> {
    for (const at of this.#order) yield this.#read(at).toString();
  }

  *values(): Generator<string> {
    for (const at of this.#order) yield this.#readOid(at);
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (const at of this.#order) yield [this.#read(at).toString(), this.#readOid(at)];
  }

  #begin(at: number): number {
    return at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
  }

  #read(at: number): Buffer {
    return this.#names.subarray(this.#begin(at), this.#ends[at]);
  }

  #readOid(at: number): string {
    return this.#oids.toString('hex', at * oidBytes, (at + 1) * oidBytes);
  }

  /** Negative where the name of this entry comes before `name`, 0 where it is the same. */
  #compare(at: number, name: Buffer): number {
    return this.#names.compare(name, 0, name.length, this.#begin(at), this.#ends[at]);
  }
}

/** From so many refs on, memory counts for more than the few milliseconds that a Map saves. */
const many = 10_000;

/** Gathers refs. Of a name that comes twice, the last one counts. */
export class RefGatherer {
  readonly #few = new Map<string, string>();
  readonly #names = new Bytes();
  readonly #ends: number[] = [];
  readonly #oids = new Bytes();
  readonly #fewAtMost: number;

  constructor(fewAtMost = many) {
    this.#fewAtMost = fewAtMost;
  }

  /** An object ID has 40 hexadecimal digits. */
  add(ref: string, oid: string): void {
    this.#few.set(ref, oid);
    if (this.#few.size > this.#fewAtMost) this.#pour();
  }

  end(): RefMap {
    if (this.#ends.length === 0) return this.#few;
    this.#pour();
    return new RefTable(this.#names.whole(), this.#ends, this.#oids.whole());
  }

  #pour(): void {
    // Else V8 lets the garbage of a long listing grow to a multiple of what is in use.
    setFlagsFromString('--optimize-for-size');
    for (const [ref, oid] of this.#few) {
      this.#ends.push(this.#names.add(ref, 'utf8'));
      this.#oids.add(oid, 'hex');
    }
    this.#few.clear();
  }
}

/** The entries as a Map, or where they are many as a table. */
export function gatherRefs(
  entries: Iterable<readonly [ref: string, oid: string]>,
  fewAtMost?: number,
): RefMap {
  const gatherer = new RefGatherer(fewAtMost);
  for (const [ref, oid] of entries) gatherer.add(ref, oid);
  return gatherer.end();
}

/** Bytes that grow at their end. */
class Bytes {
  #bytes = Buffer.alloc(2 ** 12);
  #length = 0;

  /** Gives where the text ends. */
  add(text: string, encoding: 'utf8' | 'hex'): number {
    const most = Buffer.byteLength(text, encoding);
    if (this.#length + most > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes], Math.max(this.#bytes.length * 2, this.#length + most));
    this.#length += this.#bytes.write(text, this.#length, encoding);
    return this.#length;
  }

  whole(): Buffer {
    // A copy, as what was allocated ahead may be as much again.
    return Buffer.from(this.#bytes.subarray(0, this.#length));
  }
}
