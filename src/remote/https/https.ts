import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigSections, toConfigText } from '../../git/config';
import { toGitEnvironment, toUsersConfigFiles, toUsersGitEnvironment } from '../../git/environment';
import type { Context } from '../../system/context';
import { openTemporaryFolder } from '../../system/temporaryFolder';
import { Conversations } from '../pushing/conversation';
import type { RemoteSettings, Role } from '../settings';
import { stall } from '../stall';
import type { Transport } from '../transport';
import { type Helper, openHelper } from './helper';
import { openPushHelper } from './pushHelper';
import { toStoreHelper } from './store';

/**
 * Writes a configuration of git for this server alone, in a folder of its own, 0700. That folder is git's HOME as well,
 * as git's libcurl takes a login from ~/.netrc before it asks any helper; with `usersGit` the user's own files count
 * too. Throws MirrorError.
 */
export async function openHttps(settings: RemoteSettings, role: Role, context: Context): Promise<Transport> {
  const folder = await openTemporaryFolder(context);
  let helper: Helper | undefined;
  const conversations = new Conversations(context.signal);
  async function close() {
    await conversations[Symbol.asyncDispose]();
    await helper?.[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  }
  try {
    helper = await openHelper(settings, folder.path, context);
    const file = join(folder.path, 'config');
    const sections = {
      ...(settings.usersGit ? { include: { path: toUsersConfigFiles(context.env) } } : {}),
      ...toServerSections(settings, role, helper),
      ...(await toProxySections(settings, folder.path)),
    };
    await writeFile(file, toConfigText(sections), { mode: 0o600 });
    const env = settings.usersGit
      ? { ...toUsersGitEnvironment(context.env), GIT_CONFIG_GLOBAL: file }
      : { ...toGitEnvironment(context.env), GIT_CONFIG_GLOBAL: file, HOME: folder.path };
    const { ready, explain } = helper ?? {};
    return {
      env,
      openPush: (by) => openPushHelper({ ...by, url: settings.url, env, conversations }),
      ...(ready && { ready }),
      ...(explain && { explain }),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** For this server alone: whatever sends git elsewhere learns nothing. */
function toServerSections(
  { url, proxy }: RemoteSettings,
  role: Role,
  helper: Helper | undefined,
): ConfigSections {
  const { origin } = new URL(url);
  const http = {
    ...(proxy === undefined ? {} : { proxy: toProxyUrl(proxy) }),
    // git 2.46 and newer log in with the first request. Otherwise that is refused, which some hosts count as an attack.
    ...(helper && { proactiveAuth: 'auto' }),
    // A push that is redirected would change another repository than the one that was planned for.
    ...(role === 'destination'
      ? { followRedirects: 'false', lowSpeedTime: String(stall.unpack / 1000) }
      : {}),
  };
  return {
    [`http "${origin}/"`]: http,
    ...(helper && {
      // The empty one switches off those of the user: what the settings carry comes first.
      [`credential "${origin}"`]: { helper: ['', helper.command], useHttpPath: String(helper.usesPath) },
    }),
  };
}

/** git asks its helpers for the password of a proxy whose URL names a user (http.c). */
function toProxyUrl({ url, login }: NonNullable<RemoteSettings['proxy']>): string {
  return login === undefined ? url : url.replace('://', `://${encodeURIComponent(login.username)}@`);
}

async function toProxySections({ proxy }: RemoteSettings, folder: string): Promise<ConfigSections> {
  if (proxy?.login === undefined) return {};
  const command = await toStoreHelper(join(folder, 'proxy'), proxy.url, proxy.login);
  return { [`credential "${proxy.url}"`]: { helper: ['', command] } };
}
