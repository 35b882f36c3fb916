import { toShellWord } from '../system/shellWord';
import { openPushHelper } from './https/pushHelper';
import type { Conversations, Start } from './pushing/conversation';
import type { PushSession } from './pushing/pushSession';
import { openReceivePack } from './pushing/receivePack';
import type { PushOpening } from './transport';

/** What leads to a server: its URL, and the environment of git, which names the ssh to use. */
interface Way {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly conversations: Conversations;
}

/** Opens a push as git itself would for this URL: over HTTP, by ssh, or on this machine. Throws MirrorError. */
export async function openPlainPush({ url, env, conversations }: Way, by: PushOpening): Promise<PushSession> {
  return /^https?:/.test(url)
    ? await openPushHelper({ ...by, url, env, conversations })
    : await openReceivePack({ ...by, conversation: conversations.begin(toStart(url, env)) });
}

/** What git starts for a push to this URL (connect.c). */
function toStart(url: string, env: Way['env']): Start {
  if (!url.startsWith('ssh://')) {
    const path = url.startsWith('file://') ? decodeURIComponent(url.slice('file://'.length)) : url;
    return { program: 'git', args: ['receive-pack', path], env };
  }
  const { username, hostname, port, pathname } = new URL(url);
  const place = [...(port ? ['-p', port] : []), '--', username ? `${username}@${hostname}` : hostname];
  const command = `git-receive-pack ${toShellWord(decodeURIComponent(pathname).replace(/^\/~/, '~'))}`;
  const ssh = env['GIT_SSH_COMMAND'] ?? toShellWord(env['GIT_SSH'] ?? 'ssh');
  return { program: 'sh', args: ['-c', `${ssh} "$@"`, 'ssh', ...place, command], env };
}
