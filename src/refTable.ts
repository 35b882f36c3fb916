import { readSync, writeSync } from 'node:fs';

/**
 * Full ref name → object ID, in the order of names (that of JavaScript's `<`). A Map in that order is one, too. Other
 * texts than these are kept in the same way: names without tabs and line feeds, values without line feeds.
 */
export interface RefMap {
  readonly size: number;
  get(ref: string): string | undefined;
  has(ref: string): boolean;
  keys(): Iterable<string>;
  values(): Iterable<string>;
  [Symbol.iterator](): Iterator<readonly [string, string]>;
}

export type Entry = readonly [ref: string, value: string];

/** What is read at once, some hundred refs; and what a name that is read and held keeps in memory with it. */
const blockBytes = 2 ** 13;

/** So many blocks stay in memory: two sides are compared in the order of their names, and a few names besides. */
const blocksKept = 4;

/** To V8 a text that was cut from another one, a listing or a block, is a part of that, and keeps it in memory. */
export function copy(text: string): string {
  return Buffer.from(text).toString();
}

/** Lines of a file, in the order of their names. */
interface Block {
  readonly first: string;
  readonly start: number;
  readonly bytes: number;
}

/** A file that tables are appended to. */
export class TableFile {
  readonly #file: number;
  #end = 0;
  /** What goes through here on its way; a buffer for each block would be collected too late. */
  #bytes = Buffer.alloc(2 * blockBytes);

  constructor(file: number) {
    this.#file = file;
  }

  /** Writes entries that are in order, a line each: name, tab, value. */
  append(entries: Iterable<Entry>): RefTable {
    const blocks: Block[] = [];
    let [first, last, lines, size] = ['', '', '', 0];
    for (const [ref, value] of entries) {
      if (lines === '') first = ref;
      last = ref;
      lines += `${ref}\t${value}\n`;
      size++;
      if (lines.length < blockBytes) continue;
      blocks.push(this.#write(first, lines));
      lines = '';
    }
    if (lines !== '') blocks.push(this.#write(first, lines));
    return new RefTable(this, { blocks, last, size });
  }

  read({ start, bytes }: Block): string {
    for (let done = 0; done < bytes; ) {
      const read = readSync(this.#file, this.#bytes, done, bytes - done, start + done);
      if (read === 0) throw new Error('a file of refs is shorter than it was');
      done += read;
    }
    return this.#bytes.toString('utf8', 0, bytes);
  }

  #write(first: string, lines: string): Block {
    const [start, bytes] = [this.#end, Buffer.byteLength(lines)];
    if (bytes > this.#bytes.length) this.#bytes = Buffer.alloc(2 * bytes);
    this.#bytes.write(lines);
    for (let done = 0; done < bytes; )
      done += writeSync(this.#file, this.#bytes, done, bytes - done, start + done);
    this.#end += bytes;
    return { first: copy(first), start, bytes };
  }
}

interface Extent {
  readonly blocks: readonly Block[];
  readonly last: string;
  readonly size: number;
}

/** A ref map in a file. It takes some hundred bytes of memory for every hundred refs. */
export class RefTable implements RefMap {
  readonly #file: TableFile;
  readonly #extent: Extent;
  /** Blocks by their place, the one that was used last at the end. */
  readonly #kept = new Map<number, string>();

  constructor(file: TableFile, extent: Extent) {
    this.#file = file;
    this.#extent = extent;
  }

  /** This table and that one as one, where both are in one file and that one begins after this one's end. */
  tryJoin(next: RefTable): RefTable | undefined {
    const { blocks, last, size } = next.#extent;
    const begin = blocks[0]?.first;
    if (next.#file !== this.#file || begin === undefined || begin <= this.#extent.last) return undefined;
    const joined = { blocks: [...this.#extent.blocks, ...blocks], last, size: this.#extent.size + size };
    return new RefTable(this.#file, joined);
  }

  get size(): number {
    return this.#extent.size;
  }

  get(ref: string): string | undefined {
    const { blocks } = this.#extent;
    let [low, high] = [0, blocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((blocks[middle]?.first ?? '') <= ref) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : findValue(this.#read(low - 1), ref);
  }

  has(ref: string): boolean {
    return this.get(ref) !== undefined;
  }

  *keys(): Generator<string> {
    for (const [ref] of this) yield ref;
  }

  *values(): Generator<string> {
    for (const [, value] of this) yield value;
  }

  *[Symbol.iterator](): Generator<Entry> {
    for (const block of this.#extent.blocks)
      for (const entry of toEntries(this.#file.read(block))) yield entry;
  }

  #read(place: number): string {
    const block = this.#extent.blocks[place];
    const lines = this.#kept.get(place) ?? (block === undefined ? '' : this.#file.read(block));
    this.#kept.delete(place);
    this.#kept.set(place, lines);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > blocksKept && oldest !== undefined) this.#kept.delete(oldest);
    return lines;
  }
}

/** The value of a name among lines that are in the order of names. */
function findValue(lines: string, ref: string): string | undefined {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const start = lines.lastIndexOf('\n', ((low + high) >>> 1) - 1) + 1;
    const tab = lines.indexOf('\t', start);
    const end = lines.indexOf('\n', tab);
    const name = lines.slice(start, tab);
    if (name === ref) return lines.slice(tab + 1, end);
    if (name < ref) low = end + 1;
    else high = start;
  }
  return undefined;
}

function toEntries(lines: string): Entry[] {
  const entries: Entry[] = [];
  for (let start = 0; start < lines.length; ) {
    const tab = lines.indexOf('\t', start);
    const end = lines.indexOf('\n', tab);
    entries.push([lines.slice(start, tab), lines.slice(tab + 1, end)]);
    start = end + 1;
  }
  return entries;
}

/** The entries of several tables in one order; of a name that several have, the last table's. */
export function* merge(tables: readonly RefTable[]): Generator<Entry> {
  const heads = tables.map((table) => ({
    rest: table[Symbol.iterator](),
    next: undefined as Entry | undefined,
  }));
  const step = (head: (typeof heads)[number]) => {
    const { done, value } = head.rest.next();
    head.next = done ? undefined : value;
  };
  heads.forEach(step);
  for (;;) {
    let least: Entry | undefined;
    for (const { next } of heads) if (next && (least === undefined || next[0] <= least[0])) least = next;
    if (least === undefined) return;
    yield least;
    for (const head of heads) if (head.next?.[0] === least[0]) step(head);
  }
}
