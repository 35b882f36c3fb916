import type { MirrorError } from '../errors';
import { fetchOptions, toFetchInputs } from '../git/fetch';
import { createGit, type Git } from '../git/git';
import { listRemote, type RefListing } from '../git/listing';
import type { Refs } from '../git/objects';
import type { RefPush } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import type { Context } from '../system/context';
import { untilAborted } from '../system/untilAborted';
import { describeFailure } from './failures';
import { openTransport } from './openTransport';
import { Packer } from './pushing/packer';
import { createPusher } from './pushing/pusher';
import type { PushAnswer } from './pushing/pushSession';
import type { RemoteSettings, Role } from './settings';
import { stall } from './stall';

/** A git server at one end of a mirror, spoken to from one repository on this machine. */
export interface Remote extends AsyncDisposable {
  readonly url: string;
  /** git in that repository, as it has to be started to reach this server. */
  readonly git: Git;
  /** Branches and tags as they are now. Throws MirrorError when they can't be had whole. */
  refs(signal?: AbortSignal): Promise<RefListing>;
  /** Fetches what these refs need and the repository lacks. Passes over refs that are gone since the listing. */
  fetch(refs: Refs, how: FetchOptions): Promise<void>;
  /**
   * The same refs, without the default branch, from the session that the next push goes through: what is pushed is
   * held to this listing, and the server need not be asked a second time. Throws MirrorError.
   */
  refsToPush(signal?: AbortSignal): Promise<RefMap>;
  /**
   * These updates will probably be pushed next: their objects are packed meanwhile, and during the push the session is
   * opened that lists afterwards.
   */
  prepare(updates: readonly RefPush[]): void;
  /**
   * Pushes these updates, each of which fails by itself where the server's value is no longer `old`. What the server
   * refuses is told as a value. Throws MirrorError where nothing can be pushed at all.
   */
  push(updates: readonly RefPush[], onStderr: (text: string) => void): Promise<PushAnswer>;
  /** What the failure of this git command means. */
  describeFailure(command: string, stderr: string): MirrorError;
}

export interface FetchOptions {
  /** Fetch the history below a shallow clone, too. */
  readonly deepen?: boolean;
  /** The run wants every branch and tag, so that nothing is lost by fetching more than these refs. */
  readonly wantsAll?: boolean;
  readonly onStderr: (text: string) => void;
}

/** What `--unshallow` stands for (git-fetch(1)); unlike that, git takes it for a complete history too. */
const fullDepth = '--depth=2147483647';

/** The repository on this machine that a remote is spoken to from. */
export interface RepositoryHere {
  readonly directory: string;
  readonly context: Context;
}

/** Begins to open the way to a server, for a repository here; the first call of `refs` waits for it. */
export async function openRemote(
  settings: RemoteSettings,
  role: Role,
  { directory, context }: RepositoryHere,
): Promise<Remote> {
  const { url } = settings;
  const transport = await openTransport(settings, role, context);
  const env = { ...transport.env, GIT_DIR: directory };
  const git = createGit({ directory, env, signal: context.signal });

  function describe(command: string, stderr: string): MirrorError {
    return transport.explain?.(stderr) ?? describeFailure({ settings, role, command, stderr });
  }
  async function beReady(signal: AbortSignal | undefined): Promise<AbortSignal> {
    const until = signal ?? context.signal;
    if (transport.ready !== undefined) await untilAborted(transport.ready(), until);
    return until;
  }
  const packer = new Packer();
  let isPrepared = false;
  const pusher = createPusher(async (signal) => {
    const until = await beReady(signal);
    return await transport.openPush({
      git,
      packer,
      signal: until,
      describeFailure: (stderr) => describe('push', stderr),
    });
  });
  async function refs(signal?: AbortSignal): Promise<RefListing> {
    const until = await beReady(signal);
    const after = await pusher.refsAfterwards(until);
    if (after !== undefined) return after;
    if (transport.list) return await transport.list(until);
    return await listRemote(git.until(until), url, {
      stall: stall.list,
      // A destination shows what it is when it is pushed to.
      requiresServer: role === 'source',
      describeFailure: (command, { stderr }) => describe(command, stderr),
    });
  }
  async function fetch(wanted: Refs, { deepen = false, wantsAll = false, onStderr }: FetchOptions) {
    const args = [...fetchOptions, ...(deepen ? [fullDepth] : []), '--', url];
    for (const input of toFetchInputs(wanted, wantsAll)) {
      const result = await git.run(args, { input, onStderr, stall: stall.fetch });
      // The caller notices what is missing.
      if (/couldn't find remote ref/.test(result.stderr)) return;
      if (result.exitCode !== 0) throw describe('fetch', result.stderr);
    }
  }
  return {
    url,
    git,
    refs,
    fetch,
    refsToPush: pusher.refsToPush,
    prepare(updates) {
      isPrepared = true;
      pusher.prepare(updates);
    },
    push(updates, onStderr) {
      if (isPrepared) transport.prepareList?.();
      return pusher.push(updates, onStderr);
    },
    describeFailure: describe,
    async [Symbol.asyncDispose]() {
      pusher.end();
      await packer[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}
