import { hasCode, type MirrorError } from '../../errors';
import { parseFailure } from '../../git/failures';
import { untilAborted } from '../../system/untilAborted';
import type { Conversation, Conversations } from '../pushing/conversation';
import type { SshLogin } from '../settings';
import { listingPart } from '../stall';
import { endConnection } from './controlSocket';
import type { SessionOptions } from './sshConfig';
import type { SshFiles } from './sshFiles';

/** The one connection that all sessions with a server share. Disposing of it ends it. */
export interface Connection extends AsyncDisposable {
  /**
   * Starts a command of the server. The first one connects, and the others wait for that. Throws MirrorError if there
   * is no connection.
   */
  begin(command: string, signal: AbortSignal): Promise<Conversation>;
}

export interface ConnectionNeeds {
  readonly login: SshLogin;
  readonly files: SshFiles;
  readonly env: Record<string, string>;
  readonly conversations: Conversations;
  readonly describeFailure: (stderr: string) => MirrorError;
}

/**
 * The first ssh leaves a master in the background, which listens on the control socket (ssh_config(5),
 * "ControlPersist").
 */
export function createConnection(needs: ConnectionNeeds): Connection {
  const { files } = needs;
  let opening: Promise<Conversation> | undefined;
  return {
    async begin(command, signal) {
      if (opening !== undefined) {
        await untilAborted(opening, signal);
        return start(command, needs);
      }
      opening = connect(command, signal, needs);
      return await opening;
    },
    async [Symbol.asyncDispose]() {
      await opening?.catch(() => undefined);
      const { controlPath } = files.options();
      if (controlPath !== undefined) await endConnection(controlPath);
    },
  };
}

function start(command: string, { login, files, env, conversations }: ConnectionNeeds): Conversation {
  const { host, port, user } = login;
  const args = ['-F', files.config, '-p', String(port), '-l', user, '--', host, command];
  return conversations.begin({ program: 'ssh', args, env });
}

/** Connects; if another configuration may work, writes that and tries again. */
async function connect(command: string, signal: AbortSignal, needs: ConnectionNeeds): Promise<Conversation> {
  const { files, login, describeFailure } = needs;
  let refusals = '';
  for (;;) {
    const conversation = start(command, needs);
    const failure = await findFailure(conversation, signal);
    if (failure === undefined) return conversation;
    const next = toNextOptions(files.options(), login, failure);
    // No key type is left: the refusals of the others say what the host offered.
    if (next === undefined) throw describeFailure(refusals + failure);
    if (parseFailure(failure) === 'host-key') refusals += failure;
    await files.configure(next);
  }
}

/** What ssh wrote if it ended without a word of the server, or if that does not come. */
async function findFailure(conversation: Conversation, signal: AbortSignal): Promise<string | undefined> {
  try {
    // Longer than ssh's own ConnectTimeout: this one also ends a server that stops in the middle of the handshake.
    const part = { ...listingPart, name: 'ssh', signal };
    const hasBegun = await conversation.within(part, () => conversation.hasBegun());
    return hasBegun ? undefined : await conversation.lastWords();
  } catch (error) {
    if (!hasCode(error, ['timed-out'])) throw error;
    return `${await conversation.lastWords()}\nConnection timed out in the handshake`;
  }
}

/** What else may work after this failure; undefined if nothing does. */
function toNextOptions(
  options: SessionOptions,
  { trust }: SshLogin,
  failure: string,
): SessionOptions | undefined {
  // The temporary folder is on a file system without sockets (mux.c, misc.c).
  if (/unix_listener|muxserver_listen|ControlSocket/.test(failure) && options.controlPath !== undefined)
    return { ...options, controlPath: undefined };
  const type = /offered host key \S+ ([a-z\d@.-]+)/.exec(failure)?.[1];
  // Lines of known_hosts say which types of key to ask for. Of a fingerprint alone, the type has to be tried.
  const isTypeOpen = trust.knownHosts.length === 0;
  if (!isTypeOpen || type === undefined || options.refusedKeyTypes.includes(type)) return undefined;
  return { ...options, refusedKeyTypes: [...options.refusedKeyTypes, type] };
}
