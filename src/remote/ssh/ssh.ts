import { toGitEnvironment } from '../../git/environment';
import type { Context } from '../../system/context';
import { toShellWord } from '../../system/shellWord';
import { describeFailure } from '../failures';
import { Conversations } from '../pushing/conversation';
import { openReceivePack } from '../pushing/receivePack';
import type { RemoteSettings, Role, SshLogin } from '../settings';
import type { Transport } from '../transport';
import { readAdvertisement, readFromPrepared } from './advertisement';
import { createConnection } from './connection';
import { type PreparedSession, prepareSession } from './controlSocket';
import { writeHomeFiles } from './homeFiles';
import { openSshFiles } from './sshFiles';

/** Writes ssh's files. The host key is checked before the private key is used. */
export async function openSsh(
  settings: RemoteSettings & { readonly login: SshLogin },
  role: Role,
  context: Context,
): Promise<Transport> {
  const { login } = settings;
  const files = await openSshFiles(login, context);
  const env = toGitEnvironment(context.env);
  const conversations = new Conversations(context.signal);
  const describe = (stderr: string) => describeFailure({ settings, role, command: 'ls-remote', stderr });
  const connection = createConnection({ login, files, env, conversations, describeFailure: describe });
  let homeFiles: Promise<void> | undefined;
  /** While ssh connects, the user's own files are written. A failure is only a warning. */
  function begin(command: string, signal: AbortSignal) {
    const beginning = connection.begin(command, signal);
    if (login.directory !== undefined) homeFiles ??= writeHomeFiles(login.directory, files.home, context.log);
    return beginning;
  }
  let prepared: PreparedSession | undefined;
  const listing = toCommand('git-upload-pack', settings.url);
  return {
    env: { ...env, GIT_SSH_COMMAND: `ssh -F ${toShellWord(files.config)}` },
    prepareList() {
      const { controlPath } = files.options();
      if (controlPath !== undefined) prepared ??= prepareSession(controlPath);
    },
    async list(signal) {
      const either = AbortSignal.any([signal, conversations.signal]);
      const session = prepared;
      prepared = undefined;
      const listed = session && (await readFromPrepared(session, listing, either));
      return listed ?? (await readAdvertisement(await begin(listing, either), either, describe));
    },
    async openPush(by) {
      const conversation = await begin(toCommand('git-receive-pack', settings.url), by.signal);
      return await openReceivePack({ ...by, conversation });
    },
    async [Symbol.asyncDispose]() {
      prepared?.stop();
      // The connection takes its sessions with it.
      const ends = [conversations[Symbol.asyncDispose](), connection[Symbol.asyncDispose]()];
      await Promise.allSettled([homeFiles, ...ends]);
      await files[Symbol.asyncDispose]();
    },
  };
}

/** What git itself would run for this URL (connect.c). */
function toCommand(service: 'git-upload-pack' | 'git-receive-pack', url: string): string {
  const path = decodeURIComponent(new URL(url).pathname).replace(/^\/~/, '~');
  return `${service} ${toShellWord(path)}`;
}
