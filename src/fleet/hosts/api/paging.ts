import { hostFailed, listingUnstable } from '../errors';
import type { HostRepository } from '../host';

/** One page of a host's listing. `C` is the host's own word for the place of the next one. */
export interface Page<C> {
  readonly items: readonly HostRepository[];
  /** Undefined on the last page. */
  readonly next: C | undefined;
  /** How many repositories the host counts in all pages, where it says so. */
  readonly total?: number | undefined;
}

export interface Listing<C> {
  /** For messages. */
  readonly name: string;
  /** Reads a page; the first one without a cursor. A page that fails throws, and with it the whole listing. */
  readPage(cursor: C | undefined): Promise<Page<C>>;
  /** How many repositories there are, asked before the first page, where a page does not say so. */
  countAll?(): Promise<number | undefined>;
  /** The cursor is one of a fixed list or names the last row, so that nothing shifts between two pages. */
  readonly isSteady?: boolean;
}

const passes = 4;
/** More than any owner has: a list of pages that does not end. */
const pagesAtMost = 5_000;

/**
 * Lists all. Pages that are counted in rows shift when somebody creates, deletes or changes a repository meanwhile, and
 * then a row falls between two pages. So a pass counts only if no row came twice, and if as many came as the host counts
 * or, where it does not count, the same came as in the pass before. Else it is read again. Each repository is given once.
 */
export async function* listWhole<C>(listing: Listing<C>): AsyncGenerator<readonly HostRepository[]> {
  const given = new Set<string>();
  let before: ReadonlySet<string> | undefined;
  for (let count = 1; ; count++) {
    const pass = openPass(await listing.countAll?.());
    for await (const page of readPages(listing)) {
      yield page.items.filter(({ identity }) => !given.has(identity) && given.add(identity));
      pass.add(page);
      if (pass.fault !== undefined) break;
    }
    const fault = pass.fault ?? findFault(listing, pass, before);
    if (fault === undefined) return;
    if (count === passes) throw listingUnstable(listing.name, passes, fault);
    before = pass.fault === undefined ? pass.seen : undefined;
  }
}

/** One reading of all pages. */
interface Pass {
  readonly seen: ReadonlySet<string>;
  readonly pages: number;
  readonly total: number | undefined;
  /** What shows that rows have shifted. */
  readonly fault: string | undefined;
  add(page: Page<unknown>): void;
}

function openPass(counted: number | undefined): Pass {
  const seen = new Set<string>();
  const pass = { seen, pages: 0, total: counted, fault: undefined as string | undefined, add };
  return pass;

  function add({ items, total }: Page<unknown>): void {
    pass.pages += 1;
    for (const { identity } of items) {
      if (seen.has(identity)) pass.fault ??= `${identity} came twice`;
      seen.add(identity);
    }
    if (total === undefined) return;
    if (total < (pass.total ?? 0)) pass.fault ??= `it had ${pass.total} repositories and then ${total}`;
    pass.total = total;
  }
}

function findFault<C>(
  { isSteady = false }: Listing<C>,
  { pages, total, seen }: Pass,
  before: ReadonlySet<string> | undefined,
): string | undefined {
  if (isSteady) return undefined;
  if (total !== undefined)
    return seen.size < total ? `it counts ${total} repositories and lists ${seen.size}` : undefined;
  if (pages === 1) return undefined;
  const isSame = before?.size === seen.size && [...seen].every((identity) => before.has(identity));
  return isSame ? undefined : 'two readings in a row differ';
}

/** Lists for the sake of the first rows: what comes twice is left out, and what is missing means nothing. */
export async function* listNewest<C>(listing: Listing<C>): AsyncGenerator<readonly HostRepository[]> {
  const given = new Set<string>();
  for await (const { items } of readPages(listing)) {
    yield items.filter(({ identity }) => !given.has(identity) && given.add(identity));
  }
}

async function* readPages<C>(listing: Listing<C>): AsyncGenerator<Page<C>> {
  let cursor: C | undefined;
  for (let count = 1; count <= pagesAtMost; count++) {
    const page = await listing.readPage(cursor);
    yield page;
    if (page.next === undefined) return;
    cursor = page.next;
  }
  throw hostFailed(listing.name, 'the listing', `it has more than ${pagesAtMost} pages`);
}
