import { type MirrorError, toQuote } from '../errors';
import { timedOut } from '../git/errors';
import { describeGitFailure, parseFailure } from '../git/failures';
import { fetchOptions, toFetchInputs } from '../git/fetch';
import type { GitResult } from '../git/git';
import { listRemote, type RefListing } from '../git/lsRemote';
import type { Refs } from '../git/objects';
import { fetchLfsObjects } from '../lfs/fetch';
import type { Pointer } from '../lfs/search';
import type { Scratch } from '../objects/scratch';
import { createTransferListener } from '../report/progress';
import type { Context } from '../system/context';
import { connectionDropped } from './errors';
import {
  sourceAlgorithms,
  sourceCertificateRefused,
  sourceMoved,
  sourceNotFound,
  sourceUnauthorised,
  sourceUnreachable,
} from './sourceErrors';

/** Where refs come from. Every answer is the source's own, of this moment; the clone only spares a download. */
export interface Source {
  readonly url: string;
  /** Branches and tags as they are now. Throws MirrorError `source-…` when they can't be had whole. */
  refs(signal?: AbortSignal): Promise<RefListing>;
  /** Fetches what these refs need and the scratch repository lacks. */
  fetch(refs: Refs, how: FetchOptions): Promise<void>;
  /** Brings what these pointers of Git LFS stand for into the scratch repository. Gives why that can't be had. */
  fetchLfs(pointers: readonly Pointer[]): Promise<MirrorError | undefined>;
}

export interface FetchOptions {
  /** Fetch the history below a shallow clone, too. */
  readonly deepen: boolean;
  /** The run wants every branch and tag, so that nothing is lost by fetching more than these refs. */
  readonly wantsAll: boolean;
}

/** What `--unshallow` stands for (git-fetch(1)); unlike that, git takes it for a complete history too. */
const fullDepth = '--depth=2147483647';

/** A listing takes seconds; a fetch may compute on the other side for minutes before its first byte. */
const stall = { list: 60_000, fetch: 300_000 };

/** The source at `url`, read through the scratch repository, whose configuration knows the proxy. */
export function createSource(url: string, scratch: Scratch, context: Context): Source {
  const listing = {
    stallMilliseconds: stall.list,
    describeFailure: (command: string, result: GitResult) => describeSourceFailure(url, command, result),
  };
  async function fetch(refs: Refs, { deepen, wantsAll }: FetchOptions): Promise<void> {
    await scratch.offerTips();
    const args = [...fetchOptions, ...(deepen ? [fullDepth] : []), '--', url];
    for (const input of toFetchInputs(refs, wantsAll)) {
      const onStderr = createTransferListener('Fetching from the source', context.log);
      const result = await scratch.sourceGit.run(args, { input, onStderr, stallMilliseconds: stall.fetch });
      // A ref was deleted since the look: the caller notices what is missing.
      if (/couldn't find remote ref/.test(result.stderr)) return;
      if (result.exitCode !== 0) throw describeSourceFailure(url, 'fetch', result);
    }
  }
  return {
    url,
    refs: (signal) => listRemote(signal ? scratch.sourceGit.until(signal) : scratch.sourceGit, url, listing),
    fetch,
    fetchLfs: (pointers) => fetchLfsObjects(pointers, url, scratch),
  };
}

function describeSourceFailure(url: string, command: string, result: GitResult): MirrorError {
  switch (parseFailure(result.stderr)) {
    case 'unreachable':
    case 'server-error':
      return sourceUnreachable(url, result.stderr);
    case 'dropped':
      return command === 'fetch'
        ? connectionDropped(url, result.stderr)
        : sourceUnreachable(url, result.stderr);
    case 'unauthorised':
    case 'permission-denied':
    case 'host-key':
      return sourceUnauthorised(url, result.stderr);
    case 'not-found':
      return sourceNotFound(url, result.stderr);
    case 'certificate':
      return sourceCertificateRefused(url, result.stderr);
    case 'algorithms':
      return sourceAlgorithms(url, result.stderr);
    case 'moved':
      return sourceMoved([toQuote(result.stderr)]);
    case 'timed-out':
      return timedOut(`The source ${url}`);
    default:
      return describeGitFailure(command, result);
  }
}
