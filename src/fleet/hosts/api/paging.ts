import { hostFailed, listingUnstable } from '../errors';
import type { HostRepository } from '../repository';

/** One page of a host's listing. `C` is the host's own word for the place of the next one. */
export interface Page<C> {
  readonly items: readonly HostRepository[];
  /** Undefined on the last page. */
  readonly next: C | undefined;
  /** By what the host sorts a whole listing, for each item: the time when it was created, or a number that grows. */
  readonly births?: readonly number[] | undefined;
}

/** What the host says before a whole listing is read. */
export interface Count {
  /** How many repositories there are. */
  readonly total: number;
  /** The birth of the newest one; undefined where there is none. */
  readonly newest: number | undefined;
}

export interface Listing<C> {
  /** For messages. */
  readonly name: string;
  /** Reads a page; the first one without a cursor. A page that fails throws, and with it the whole listing. */
  readPage(cursor: C | undefined): Promise<Page<C>>;
  /** Undefined where the host does not count. */
  readCount?(): Promise<Count | undefined>;
}

const passes = 4;
/** More than any owner has: a list of pages that does not end. */
const pagesAtMost = 5_000;

/**
 * Lists all. Pages that are counted in rows shift when somebody creates, deletes or renames a repository meanwhile, and
 * then a row falls between two pages. So a pass counts only if no row came twice, and if as many old rows came as the
 * host had counted before: those that were created since are no substitute. Where the host does not count, the same
 * rows must have come in the pass before. Else it is read again. Each repository is given once.
 */
export async function* listWhole<C>(listing: Listing<C>): AsyncGenerator<readonly HostRepository[]> {
  const given = new Set<string>();
  let before: ReadonlySet<string> | undefined;
  for (let number = 1; ; number++) {
    const count = await listing.readCount?.();
    const pass = openPass(count);
    for await (const page of readPages(listing)) {
      yield page.items.filter(({ identity }) => !given.has(identity) && given.add(identity));
      pass.add(page);
      if (pass.twice !== undefined) break;
    }
    const fault = findFault(pass, count, before);
    if (fault === undefined) return;
    if (number === passes) throw listingUnstable(listing.name, passes, fault);
    before = pass.twice === undefined ? pass.seen : undefined;
  }
}

/** One reading of all pages. */
interface Pass {
  readonly seen: ReadonlySet<string>;
  readonly pages: number;
  /** Rows that were there when the host counted. */
  readonly old: number;
  /** The identity of a row that came again. */
  readonly twice: string | undefined;
  add(page: Page<unknown>): void;
}

function openPass(count: Count | undefined): Pass {
  const seen = new Set<string>();
  const newest = count?.newest ?? Number.NEGATIVE_INFINITY;
  const pass = { seen, pages: 0, old: 0, twice: undefined as string | undefined, add };
  return pass;

  function add({ items, births = [] }: Page<unknown>): void {
    pass.pages += 1;
    pass.old += births.filter((birth) => birth <= newest).length;
    for (const { identity } of items) {
      if (seen.has(identity)) pass.twice ??= identity;
      seen.add(identity);
    }
  }
}

function findFault(
  { pages, old, seen, twice }: Pass,
  count: Count | undefined,
  before: ReadonlySet<string> | undefined,
): string | undefined {
  if (twice !== undefined) return `${twice} came twice`;
  if (count !== undefined)
    return old < count.total ? `it counts ${count.total} repositories and lists ${old}` : undefined;
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
