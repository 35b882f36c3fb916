import type { Host } from '../hosts/host';
import type { HostRepository } from '../hosts/repository';

/** What a host listed. Only a whole listing says that something is not there. */
export interface Listing {
  readonly repositories: readonly HostRepository[];
  /** Every page came, and the listing has not shrunk in a way that a lost permission would explain better. */
  readonly isWhole: boolean;
}

/**
 * Whether a listing lost more repositories than are deleted in the ordinary way: more than five, and more than a tenth.
 * Tokens lose the right to see some of an organisation without an error. `before` is the size of the last whole one.
 */
export function isShrunken(before: number | undefined, now: number): boolean {
  return before !== undefined && before - now > Math.max(5, before / 10);
}

/** Reads every page. A page that fails fails the listing: it throws, and there is no listing. */
export async function readListing(host: Pick<Host, 'list'>, before?: number): Promise<Listing> {
  const repositories: HostRepository[] = [];
  for await (const page of host.list()) repositories.push(...page);
  const unique = [...new Map(repositories.map((each) => [each.identity, each])).values()];
  return { repositories: unique, isWhole: !isShrunken(before, unique.length) };
}
