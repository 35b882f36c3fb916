import type { MirrorError } from '../errors';
import { fetchOptions, toFetchInputs } from '../git/fetch';
import type { Git, GitResult } from '../git/git';
import { listRemote, type RefListing } from '../git/lsRemote';
import type { Refs } from '../git/objects';
import type { LfsObject } from '../lfs/pointer';
import { pushLfsObjects } from '../lfs/push';
import type { DestinationSettings } from '../pipe/settings';
import type { RefPush } from '../plan/plan';
import type { Context } from '../system/context';
import { toStopError } from '../system/errors';
import { openHttps } from './https/https';
import { ensureRefspecs, remoteName, seenRefspec } from './refspecs';
import { openSsh } from './ssh/ssh';

/** The other end: a git server that proves who it is before it learns anything of us. */
export interface Destination extends AsyncDisposable {
  readonly url: string;
  /** Branches and tags as they are now. */
  refs(signal?: AbortSignal): Promise<RefListing>;
  /**
   * Runs `git push <options>` for these updates, each of which fails by itself where the destination's value is no
   * longer `old`. Gives its end as a value: git exits 1 when it declined one ref.
   */
  push(
    options: readonly string[],
    updates: readonly RefPush[],
    onStderr: (text: string) => void,
  ): Promise<GitResult>;
  /** Fetches what these refs of the destination need and the scratch repository has not. */
  fetch(refs: Refs, onStderr: (text: string) => void): Promise<void>;
  /** Sends objects of Git LFS that are in the scratch repository. Gives why the destination has not got them all. */
  pushLfs(objects: readonly LfsObject[]): Promise<MirrorError | undefined>;
  /** The failure that this end of a git command tells of. */
  describeFailure(stderr: string): MirrorError;
}

/** The way to the destination: what SSH and HTTPS do differently. Disposing of it leaves nothing behind. */
export interface Transport extends AsyncDisposable {
  /** What git needs in its environment to go this way. */
  readonly env: Readonly<Record<string, string>>;
  /** Fulfilled when the way is open. Throws MirrorError. */
  ready(): Promise<void>;
  /** A quicker way to list than `git ls-remote`, where there is one. Throws MirrorError. */
  list?(signal: AbortSignal): Promise<RefListing>;
  describeFailure(stderr: string): MirrorError;
}

export const listMilliseconds = 60_000;
const fetchMilliseconds = 300_000;
/** A server may unpack and check for minutes without a word. */
export const unpackMilliseconds = 900_000;

/** While objects go out git counts them. */
function toPushMilliseconds(stderr: string): number {
  return /Writing objects: +\d+% \((?!.*, done)/.test(stderr) ? 120_000 : unpackMilliseconds;
}

/**
 * Begins to open the way; the first call of `refs` waits for it. `directory` is the ~/.ssh to write to, undefined
 * for a temporary one. Throws MirrorError from `refs` and `push`.
 */
export async function openDestination(
  settings: DestinationSettings,
  { git, directory, context }: { git: Git; directory: string | undefined; context: Context },
): Promise<Destination> {
  const transport =
    settings.kind === 'ssh'
      ? await openSsh(settings, directory, context)
      : await openHttps(settings, context);
  const { env, ready, describeFailure } = transport;
  const { url } = settings;

  async function refs(signal?: AbortSignal): Promise<RefListing> {
    await (signal === undefined ? ready() : Promise.race([ready(), rejectWhenAborted(signal)]));
    const until = signal ?? context.signal;
    if (transport.list) return await transport.list(until);
    return await listRemote(git.until(until), url, {
      env,
      stallMilliseconds: listMilliseconds,
      describeFailure: (_command, { stderr }) => describeFailure(stderr),
    });
  }
  async function push(
    options: readonly string[],
    updates: readonly RefPush[],
    onStderr: (text: string) => void,
  ) {
    const { leases, refspecs } = await ensureRefspecs(updates, git.directory);
    const remote = [
      '-c',
      `remote.${remoteName}.url=${url}`,
      '-c',
      `remote.${remoteName}.fetch=${seenRefspec}`,
    ];
    const args = [...remote, 'push', ...options, ...leases, '--', remoteName, ...refspecs];
    return await git.run(args, { env, onStderr, stallMilliseconds: toPushMilliseconds });
  }
  async function fetch(refs: Refs, onStderr: (text: string) => void) {
    const args = [...fetchOptions, '--', url];
    for (const input of toFetchInputs(refs, false)) {
      const result = await git.run(args, { env, input, onStderr, stallMilliseconds: fetchMilliseconds });
      if (result.exitCode !== 0) throw describeFailure(result.stderr);
    }
  }
  return {
    url,
    refs,
    push,
    fetch,
    pushLfs: (objects) => pushLfsObjects(objects, url, { git, env, describeFailure }),
    describeFailure,
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** The way may take long to open, and ends with the destination. */
function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(toStopError(signal.reason));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}
