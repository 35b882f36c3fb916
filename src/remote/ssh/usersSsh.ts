import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toGitEnvironment, toUsersGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import { findMovedUrl, formerSshHost, movedOn, publishedKey, sshHost } from '../../ssh/bitbucketHost';
import { runChild } from '../../system/child';
import type { Context } from '../../system/context';
import { toShellWord } from '../../system/shellWord';
import { openTemporaryFolder } from '../../system/temporaryFolder';
import { openPlainPush } from '../plainPush';
import { Conversations } from '../pushing/conversation';
import type { RemoteSettings } from '../settings';
import { stall } from '../stall';
import type { Transport } from '../transport';

/**
 * The way by what git itself uses on this machine: the ssh of this user for ssh:// URLs. Where such a URL names the
 * former SSH host of Bitbucket, ssh connects to the new one. Throws MirrorError.
 */
export async function openUsersWay(
  settings: RemoteSettings,
  context: Context,
  hostKey = publishedKey,
): Promise<Transport> {
  const { url, usersGit } = settings;
  const env = usersGit ? toUsersGitEnvironment(context.env) : toGitEnvironment(context.env);
  const moved = findMovedUrl(url);
  const command = moved === undefined ? undefined : await findFormerCommand(env, context);
  if (moved === undefined || command === undefined) return toTransport(url, env, context);
  tellOnce(moved, context);
  const folder = await openTemporaryFolder(context);
  const knownHosts = join(folder.path, 'known_hosts');
  await writeFile(knownHosts, `${sshHost} ${hostKey}\n`, { mode: 0o600 });
  const options = [`HostName=${sshHost}`, `KnownHostsCommand=/bin/cat "${knownHosts.replaceAll('%', '%%')}"`];
  const moving = options.map((option) => ` -o ${toShellWord(option)}`).join('');
  return toTransport(url, { ...env, GIT_SSH_COMMAND: command + moving }, context, folder);
}

function toTransport(
  url: string,
  env: Record<string, string>,
  context: Context,
  folder?: AsyncDisposable,
): Transport {
  const conversations = new Conversations(context.signal);
  return {
    env,
    openPush: (by) => openPlainPush({ url, env, conversations }, by),
    async [Symbol.asyncDispose]() {
      await conversations[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * The command that runs ssh, if it would connect to the former host. The configuration of the user may already lead
 * elsewhere, for example to altssh.bitbucket.org; and what is not OpenSSH does not know the options that are needed.
 * The host keeps its name on the command line, so that the user's block `Host bitbucket.org` still applies.
 */
async function findFormerCommand(env: Record<string, string>, context: Context): Promise<string | undefined> {
  const command = await findSshCommand(env, context);
  const { exitCode, stdout } = await runChild({
    program: 'sh',
    args: ['-c', `${command} -G -- ${formerSshHost}`],
    env,
    name: 'ssh -G',
    stall: stall.list,
    signal: context.signal,
  });
  const lines = new Set(stdout.split('\n'));
  return exitCode === 0 && lines.has(`hostname ${formerSshHost}`) && lines.has('port 22')
    ? command
    : undefined;
}

/** In git's own order (git(1), GIT_SSH; git-config(1), core.sshCommand), as a command of the shell. */
async function findSshCommand(env: Record<string, string>, { signal }: Context): Promise<string> {
  const { GIT_SSH_COMMAND: given, GIT_SSH: program } = env;
  if (given) return given;
  const git = createGit({ directory: '/', env, signal });
  const { stdout } = await git.run(['config', '--null', '--get', 'core.sshCommand']);
  const configured = stdout.replace(/\0$/, '');
  return configured || (program ? toShellWord(program) : 'ssh');
}

/** Runs that have been told: each attempt of a run opens its remotes again. */
const told = new WeakSet<Context>();

function tellOnce(moved: string, context: Context): void {
  if (told.has(context)) return;
  told.add(context);
  context.log.warn(
    `Bitbucket ended git over SSH at ${formerSshHost} on ${movedOn}: this run reads from ${sshHost} instead. Change the URL: set SOURCE_URL to ${moved} or, in the clone, run \`git remote set-url origin ${moved}\`.`,
  );
}
