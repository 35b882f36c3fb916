import type { RefMap } from '../plan/refs';
import { noGitServer, objectFormat, tooManyRefs, unreadableListing } from './errors';
import type { Git, StreamOptions } from './git';
import { isRefName } from './refName';

/** What a server says it has. */
export interface RefListing {
  /** Branches and tags: full ref name → object ID; an annotated tag's is the tag object's own. */
  readonly refs: RefMap;
  /** The default branch: the full name of the branch that HEAD points at, where the server tells. */
  readonly head: string | undefined;
}

/** A listing is held in memory: a million refs take about 150 MiB. */
const refsAtMost = 1_000_000;

/** What a listing may have, standard error included: a million refs with names of some 80 bytes. */
export const listingBytes = 2 ** 27;

/** Takes the lines of a listing as they come. */
export interface ListingReader {
  /** Throws MirrorError `not-git` for a line that is no ref as git would take it: half a list is no list. */
  add(line: string): void;
  end(): RefListing;
}

export interface ListOptions extends Required<Pick<StreamOptions, 'describeFailure'>> {
  /** Milliseconds that the server may be silent. */
  readonly stall: number;
  /** An empty listing over HTTP(S) counts only when a git server gave it: it is asked for once more. */
  readonly requiresServer: boolean;
}

/** Runs `git ls-remote`. Throws MirrorError: what `describeFailure` makes of git's words, or that it can't be read. */
export async function listRemote(
  git: Git,
  url: string,
  { stall, requiresServer, describeFailure }: ListOptions,
): Promise<RefListing> {
  const reader = createListingReader();
  const command = ['ls-remote', '--symref', '--', url];
  const options = { limits: { stall, bytes: listingBytes }, describeFailure };
  for await (const lines of git.lines([command], '', options)) for (const line of lines) reader.add(line);
  const listing = reader.end();
  if (requiresServer && listing.refs.size === 0 && /^https?:/.test(url))
    await requireGitServer(git, url, stall);
  return listing;
}

/**
 * A page in place of a listing, such as that of a captive portal, is an empty repository to git: it takes what is no
 * packet for the list of a server without git (gitprotocol-http(5), "Dumb Server Response"), and finds no ref in it.
 * A git server sends packets, which git traces to its standard error.
 */
async function requireGitServer(git: Git, url: string, stall: number): Promise<void> {
  const { stderr } = await git.run(['ls-remote', '--', url], { env: { GIT_TRACE_PACKET: '1' }, stall });
  if (!/\bpacket: /.test(stderr)) throw noGitServer(url);
}

/** Reads what `git ls-remote --symref` prints. Refs other than branches and tags, and peeled tags (`^{}`), are left out. */
export function createListingReader(): ListingReader {
  const refs = new Map<string, string>();
  let head: string | undefined;
  return {
    add(line) {
      if (line.startsWith('ref: ')) {
        head ??= /^ref: (refs\/heads\/[^\t]+)\tHEAD$/.exec(line)?.[1];
        return;
      }
      const [, oid, ref] = /^([0-9a-f]{40})\t(.+?)(?:\^\{\})?$/s.exec(line) ?? [];
      if (oid === undefined || ref === undefined || !(ref === 'HEAD' || isRefName(ref)))
        throw /^[0-9a-f]{64}\t/.test(line) ? objectFormat() : unreadableListing(line);
      if (/^refs\/(heads|tags)\//.test(ref) && !line.endsWith('^{}')) refs.set(ref, oid);
      if (refs.size > refsAtMost) throw tooManyRefs(refsAtMost);
    },
    end: () => ({ refs, head }),
  };
}
