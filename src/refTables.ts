import { closeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { Context } from './context';
import { copy, type Entry, merge, type RefMap, type RefTable, TableFile } from './refTable';
import { toPieces } from './sequence';
import { openNamelessFile } from './temporaryFolder';

/** Gathers refs in any order. Of a name that comes twice, the last one counts. */
export interface RefGatherer {
  add(ref: string, value: string): void;
  /** All that was added. */
  end(): RefMap;
}

/** Where refs are kept: a few of them in memory; many in files below TMPDIR, which have no name and are gone with us. */
export interface RefTables extends Disposable {
  gatherer(): RefGatherer;
  gather(entries: Iterable<Entry>): RefMap;
}

/** From so many refs on, memory counts for more than the milliseconds that a Map saves. */
const many = 10_000;

/** Disposing of it closes the files: no table can be read then. */
export function openRefTables({ env }: Pick<Context, 'env'>, fewAtMost = many): RefTables {
  const files: number[] = [];
  function open(): number {
    // Else V8 lets the garbage of a long listing grow to a multiple of what is in use.
    setFlagsFromString('--optimize-for-size');
    const file = openNamelessFile({ env });
    files.push(file);
    return file;
  }
  const gatherer = () => new Gatherer(open, fewAtMost);
  return {
    gatherer,
    gather(entries) {
      const all = gatherer();
      for (const [ref, value] of entries) all.add(ref, value);
      return all.end();
    },
    [Symbol.dispose]() {
      for (const file of files.splice(0)) closeSync(file);
    },
  };
}

/** So many ordered runs are merged at once: of each one block stands in memory. */
const runsAtOnce = 16;

class Gatherer implements RefGatherer {
  readonly #open: () => number;
  readonly #fewAtMost: number;
  readonly #few = new Map<string, string>();
  /** Each is in order by itself. */
  #runs: RefTable[] = [];
  #file: TableFile | undefined;

  constructor(open: () => number, fewAtMost: number) {
    this.#open = open;
    this.#fewAtMost = fewAtMost;
  }

  add(ref: string, value: string): void {
    this.#few.set(copy(ref), copy(value));
    if (this.#few.size > this.#fewAtMost) this.#spill();
  }

  end(): RefMap {
    if (this.#runs.length === 0) return new Map(this.#takeFew());
    if (this.#few.size > 0) this.#spill();
    for (;;) {
      const [only, ...more] = this.#runs;
      if (only !== undefined && more.length === 0) return only;
      this.#runs = Array.from(toPieces(this.#runs, runsAtOnce), (runs) => this.#write(merge(runs)));
    }
  }

  #takeFew(): Entry[] {
    const few = [...this.#few];
    this.#few.clear();
    const isOrdered = few.every(([ref], index) => index === 0 || (few[index - 1]?.[0] ?? '') < ref);
    return isOrdered ? few : few.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #spill(): void {
    const run = this.#write(this.#takeFew());
    const last = this.#runs.at(-1);
    // As git lists refs: each run begins where the one before it ends.
    const joined = last?.tryJoin(run);
    if (joined === undefined) this.#runs.push(run);
    else this.#runs.splice(-1, 1, joined);
  }

  #write(entries: Iterable<Entry>): RefTable {
    this.#file ??= new TableFile(this.#open());
    return this.#file.append(entries);
  }
}
