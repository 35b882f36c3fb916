import type { MirrorError } from '../errors';
import { toGitEnvironment, toUsersGitEnvironment } from '../git/environment';
import type { RefListing } from '../git/lsRemote';
import type { Context } from '../system/context';
import { openHttps } from './https/https';
import type { RemoteSettings } from './settings';
import { openSsh } from './ssh/ssh';

/** Which end of a mirror a server is. */
export type Role = 'source' | 'destination';

/** The way to a server: what each kind of URL does differently. Disposing of it leaves nothing behind. */
export interface Transport extends AsyncDisposable {
  /** The whole environment of git. */
  readonly env: Readonly<Record<string, string>>;
  /** Fulfilled when the way is open. Throws MirrorError. */
  ready(): Promise<void>;
  /** A quicker way to list than `git ls-remote`, where there is one. Throws MirrorError. */
  list?(signal: AbortSignal): Promise<RefListing>;
  /** What only this way knows of a failure; undefined where git's words are all there is. */
  explain?(stderr: string): MirrorError | undefined;
}

/** Begins to open the way to a server. Throws MirrorError. */
export async function openTransport(
  settings: RemoteSettings,
  role: Role,
  context: Context,
): Promise<Transport> {
  const { login, url, proxy, usersGit } = settings;
  if (login.kind === 'ssh') return await openSsh({ ...settings, login }, role, context);
  const isBare = login.kind === 'none' && proxy === undefined && usersGit === true;
  if (/^https?:/.test(url) && !isBare) return await openHttps(settings, role, context);
  return {
    env: usersGit ? toUsersGitEnvironment(context.env) : toGitEnvironment(context.env),
    ready: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
