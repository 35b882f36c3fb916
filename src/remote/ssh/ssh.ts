import type { MirrorError } from '../../errors';
import { toGitEnvironment } from '../../git/environment';
import { parseFailure } from '../../git/failures';
import type { SshSettings } from '../../pipe/sshSettings';
import type { Context } from '../../system/context';
import { toShellWord } from '../../system/shellWord';
import { listMilliseconds, type Transport } from '../destination';
import { algorithmsDisjoint, hostKeyRefused, permissionDenied, sshTooOld } from '../errors';
import { describeServerFailure } from '../failures';
import { readAdvertisement } from './advertisement';
import { type ConnectionTarget, openConnection } from './connection';
import { openSshFiles } from './sshFiles';

/** Writes ssh's files and begins to connect. The host key is checked before the private key is used. */
export async function openSsh(
  settings: SshSettings,
  directory: string | undefined,
  context: Context,
): Promise<Transport> {
  const files = await openSshFiles(settings, directory, context);
  const env = toGitEnvironment(context.env);
  context.stopwatch.countConnection();
  const connection = openConnection(files, toTarget(settings), { env, signal: context.signal });
  // Whoever asks for refs first learns of a failure; nobody asking is no reason to crash.
  connection.failure.catch(() => undefined);
  const ending = new AbortController();
  const session = {
    program: 'ssh',
    args: toListingArguments(settings, files.config),
    env,
    stallMilliseconds: listMilliseconds,
  };
  return {
    env: { GIT_SSH_COMMAND: `ssh -F ${toShellWord(files.config)}` },
    async list(signal) {
      const either = AbortSignal.any([context.signal, signal, ending.signal]);
      const advertised = await readAdvertisement({ ...session, signal: either });
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

/** Lines of known_hosts say which types of key to ask for. */
function toTarget({ user, host, port, trust }: SshSettings): ConnectionTarget {
  return { user, host, port, isKeyTypeOpen: trust.knownHosts.length === 0 };
}

/** What git itself would run to list the refs of this URL (connect.c). */
function toListingArguments({ url, host, port, user }: SshSettings, config: string): string[] {
  const path = decodeURIComponent(new URL(url).pathname).replace(/^\/~/, '~');
  const login = ['-F', config, '-p', String(port), '-l', user];
  return [...login, '--', host, `git-upload-pack ${toShellWord(path)}`];
}

function describeSshFailure(settings: SshSettings, stderr: string): MirrorError {
  const { host, user, trust } = settings;
  switch (parseFailure(stderr)) {
    case 'permission-denied':
      return permissionDenied(user, host);
    case 'host-key':
      return hostKeyRefused(host, trust.fingerprint, ...findOfferedKeys(stderr));
    case 'algorithms':
      return algorithmsDisjoint(host, stderr);
    case 'ssh-too-old':
      return sshTooOld(stderr);
    default:
      return describeServerFailure({ ...settings, proof: 'key' }, stderr);
  }
}

/** What the command of our configuration writes for each key that is not the expected one. */
function findOfferedKeys(stderr: string): readonly string[] {
  return [
    ...new Set([...stderr.matchAll(/offered host key (\S+)/g)].map(([, fingerprint = '']) => fingerprint)),
  ];
}
