import { toGitEnvironment } from '../../git/environment';
import type { Context } from '../../system/context';
import { toShellWord } from '../../system/shellWord';
import { describeFailure } from '../failures';
import { Conversations } from '../pushing/conversation';
import { openReceivePack } from '../pushing/receivePack';
import type { RemoteSettings, Role, SshLogin } from '../settings';
import { stall } from '../stall';
import type { Transport } from '../transport';
import { readAdvertisement, readFromPrepared } from './advertisement';
import { type ConnectionTarget, openConnection } from './connection';
import { type PreparedSession, prepareSession } from './controlSocket';
import { writeHomeFiles } from './homeFiles';
import { openSshFiles } from './sshFiles';

/** Writes ssh's files and begins to connect. The host key is checked before the private key is used. */
export async function openSsh(
  settings: RemoteSettings & { readonly login: SshLogin },
  role: Role,
  context: Context,
): Promise<Transport> {
  const { login } = settings;
  const files = await openSshFiles(login, context);
  const env = toGitEnvironment(context.env);
  const connection = openConnection(files, toTarget(login), { env, signal: context.signal });
  // Whoever asks for refs first learns of a failure; nobody asking is no reason to crash.
  connection.failure.catch(() => undefined);
  const ending = new AbortController();
  const left: Promise<unknown>[] = [];
  // While ssh connects. A failure is only a warning.
  if (login.directory !== undefined) left.push(writeHomeFiles(login.directory, files.home, context.log));
  const conversations = new Conversations(context.signal);
  let prepared: PreparedSession | undefined;
  const command = toCommand('git-upload-pack', settings.url);
  const session = {
    program: 'ssh',
    args: toArguments(command, login, files.config),
    env,
    stall: stall.list,
    onLeft: (end: Promise<unknown>) => void left.push(end),
  };
  const describe = (stderr: string) => describeFailure({ settings, role, command: 'ls-remote', stderr });
  return {
    env: { ...env, GIT_SSH_COMMAND: `ssh -F ${toShellWord(files.config)}` },
    prepareList() {
      const { controlPath } = files.options();
      if (controlPath !== undefined) prepared ??= prepareSession(controlPath);
    },
    async list(signal) {
      const either = AbortSignal.any([context.signal, signal, ending.signal]);
      const listing =
        prepared && (await readFromPrepared(prepared, { command, stall: stall.list, signal: either }));
      prepared = undefined;
      if (listing !== undefined) return listing;
      const advertised = await readAdvertisement({ ...session, signal: either });
      if ('failure' in advertised) throw describe(advertised.failure);
      return advertised.listing;
    },
    openPush(by) {
      const args = toArguments(toCommand('git-receive-pack', settings.url), login, files.config);
      return openReceivePack({ ...by, start: { program: 'ssh', args, env }, conversations });
    },
    async ready() {
      const failure = await connection.failure;
      if (failure !== undefined) throw describe(failure);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      prepared?.stop();
      // The connection takes its sessions with it.
      const ends = [conversations[Symbol.asyncDispose](), connection[Symbol.asyncDispose]()];
      await Promise.allSettled([...left, ...ends]);
      await files[Symbol.asyncDispose]();
    },
  };
}

/** Lines of known_hosts say which types of key to ask for. */
function toTarget({ user, host, port, trust }: SshLogin): ConnectionTarget {
  return { user, host, port, isKeyTypeOpen: trust.knownHosts.length === 0 };
}

/** What git itself would run for this URL (connect.c). */
function toCommand(service: 'git-upload-pack' | 'git-receive-pack', url: string): string {
  const path = decodeURIComponent(new URL(url).pathname).replace(/^\/~/, '~');
  return `${service} ${toShellWord(path)}`;
}

function toArguments(command: string, { host, port, user }: SshLogin, config: string): string[] {
  return ['-F', config, '-p', String(port), '-l', user, '--', host, command];
}
