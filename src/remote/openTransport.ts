import type { Context } from '../system/context';
import { openHttps } from './https/https';
import type { RemoteSettings, Role } from './settings';
import { openSsh } from './ssh/ssh';
import { openUsersWay } from './ssh/usersSsh';
import type { Transport } from './transport';

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
  return await openUsersWay(settings, context);
}
