import type { RefMap } from '../plan/refs';
import { noGitServer, objectFormat, tooManyRefs, unreadableListing } from './errors';
import type { Git, StreamOptions } from './git';
import { isRefName } from './refName';

/** The refs of a server. */
export interface RefListing {
  /** Branches and tags: full ref name → object ID; for an annotated tag, the ID of the tag object. */
  readonly refs: RefMap;
  /** The default branch: the full name of the branch that HEAD points to, if the server reports it. */
  readonly head: string | undefined;
}

/** A listing is kept in memory: a million refs take about 150 MiB. */
const refsAtMost = 1_000_000;

/** The maximum size of a listing, including standard error: a million refs with names of about 80 bytes. */
export const listingBytes = 2 ** 27;

/** Parses the lines of a listing as they arrive. */
export interface ListingReader {
  /** Throws MirrorError `not-git` for a line that git would not accept as a ref: an incomplete list is never used. */
  add(line: string): void;
  end(): RefListing;
}

export interface ListOptions extends Required<Pick<StreamOptions, 'describeFailure'>> {
  /** Milliseconds without output before the command is stopped. */
  readonly stall: number;
  /** For an empty listing over HTTP(S), whether to verify that it came from a git server, with a second request. */
  readonly requiresServer: boolean;
}

/** Runs `git ls-remote`. Throws the MirrorError of `describeFailure`, or `not-git` if the output can't be parsed. */
export async function listRemote(
  git: Git,
  url: string,
  { stall, requiresServer, describeFailure }: ListOptions,
): Promise<RefListing> {
  const reader = createListingReader();
  // Over HTTP, version 2 takes a second request, and this one lists all refs, too.
  const command = ['-c', 'protocol.version=0', 'ls-remote', '--symref', '--', url];
  const options = { limits: { stall, bytes: listingBytes }, describeFailure };
  for await (const lines of git.lines([command], '', options)) for (const line of lines) reader.add(line);
  const listing = reader.end();
  if (requiresServer && listing.refs.size === 0 && /^https?:/.test(url))
    await requireGitServer(git, url, stall);
  return listing;
}

/**
 * To git, a web page instead of a listing, such as that of a captive portal, is an empty repository: git takes anything
 * but packets for the list of a "dumb" server (gitprotocol-http(5), "Dumb Server Response"), and finds no ref in it. A
 * git server sends packets, which git traces to standard error.
 */
async function requireGitServer(git: Git, url: string, stall: number): Promise<void> {
  const { stderr } = await git.run(['ls-remote', '--', url], { env: { GIT_TRACE_PACKET: '1' }, stall });
  if (!/\bpacket: /.test(stderr)) throw noGitServer(url);
}

/**
 * Parses the output of `git ls-remote --symref`. Ignores refs other than branches and tags, and peeled tags (`^{}`).
 */
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
