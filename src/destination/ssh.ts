import type { Context } from '../context';
import type { MirrorError } from '../errors';
import { toGitEnvironment } from '../git/environment';
import { parseFailure } from '../git/failures';
import { toShellWord } from '../git/shellWord';
import type { SshSettings } from '../settings/sshSettings';
import { readAdvertisement } from './advertisement';
import { openConnection } from './connection';
import { listMilliseconds, type Transport } from './destination';
import { algorithmsDisjoint, hostKeyRefused, permissionDenied, sshTooOld } from './errors';
import { describeServerFailure } from './failures';
import { toSshPath } from './sshConfig';
import { openSshFiles, type SshFiles } from './sshFiles';

/** Writes ssh's files and begins to connect. The host key is checked before the private key is used. */
export async function openSsh(
  settings: SshSettings,
  directory: string | undefined,
  context: Context,
): Promise<Transport> {
  const files = await openSshFiles(settings, directory, context);
  const env = toGitEnvironment(context.env);
  context.stopwatch.countConnection();
  const connection = openConnection(files, settings, { env, signal: context.signal });
  // Whoever asks for refs first learns of a failure; nobody asking is no reason to crash.
  connection.failure.catch(() => undefined);
  const ending = new AbortController();
  const session = {
    program: 'ssh',
    args: toListingArguments(settings, files),
    env,
    signal: AbortSignal.any([context.signal, ending.signal]),
    stallMilliseconds: listMilliseconds,
  };
  return {
    env: { GIT_SSH_COMMAND: toSshCommand(files) },
    async list() {
      const advertised = await readAdvertisement(session);
      if ('failure' in advertised) throw describeSshFailure(settings, advertised.failure);
      return advertised.listing;
    },
    async ready() {
      const failure = await connection.failure;
      if (failure !== undefined) throw describeSshFailure(settings, failure);
    },
    describeFailure: (stderr) => describeSshFailure(settings, stderr),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await connection[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}

/** `-i` and `-S` stand in the configuration too; here they hold even when a second run rewrites it meanwhile. */
function toLogin({ config, identityFile, controlPath }: SshFiles): string[] {
  const control = controlPath === undefined ? [] : ['-S', toSshPath(controlPath)];
  return ['-F', config, '-i', toSshPath(identityFile), ...control];
}

function toSshCommand(files: SshFiles): string {
  return ['ssh', ...toLogin(files).map(toShellWord)].join(' ');
}

/** What git itself would run to list the refs of this URL (connect.c). */
function toListingArguments({ url, host, port, user }: SshSettings, files: SshFiles): string[] {
  const path = decodeURIComponent(new URL(url).pathname).replace(/^\/~/, '~');
  const login = [...toLogin(files), '-p', String(port), '-l', user];
  return [...login, '--', host, `git-upload-pack ${toShellWord(path)}`];
}

function describeSshFailure(settings: SshSettings, stderr: string): MirrorError {
  const { host, user, trust } = settings;
  switch (parseFailure(stderr)) {
    case 'permission-denied':
      return permissionDenied(user, host);
    case 'host-key':
      return hostKeyRefused(host, trust.fingerprint, /offered host key (\S+)/.exec(stderr)?.[1]);
    case 'algorithms':
      return algorithmsDisjoint(host, stderr);
    case 'ssh-too-old':
      return sshTooOld(stderr);
    default:
      return describeServerFailure({ ...settings, proof: 'key' }, stderr);
  }
}
