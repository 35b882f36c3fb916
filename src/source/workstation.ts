import { join } from 'node:path';
import type { Context } from '../context';
import { toGitEnvironment } from '../git/environment';
import { createGit } from '../git/git';
import { readRegularFile } from '../regularFile';
import { findClone } from './clone';

/** What the clone on a workstation, and its user, say of the source. */
export interface Workstation {
  /** The URL of the remote `origin`; scp-like ones as ssh:// URLs. */
  readonly origin: string | undefined;
  /** The full name of the branch that is checked out. */
  readonly branch: string | undefined;
  /** credential.helper of the user's own git configuration. */
  readonly credentialHelpers: readonly string[];
}

/** Reads them, without running git in the clone: its configuration is read as a file. */
export async function readWorkstation(
  folder: string,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<Workstation> {
  const git = createGit({ directory: '/', env: toGitEnvironment(env), signal });
  async function readValues(file: string, key: string): Promise<string[]> {
    const result = await git.run(['config', '--file', file, '--no-includes', '--null', '--get-all', key]);
    return result.stdout.split('\0').filter((value) => value !== '');
  }
  const clone = await findClone(folder);
  const head = clone && (await readRegularFile(join(clone.gitDirectory, 'HEAD')));
  const [origin] =
    clone === undefined ? [] : await readValues(join(clone.commonDirectory, 'config'), 'remote.origin.url');
  const userConfig = env['HOME'] === undefined ? undefined : join(env['HOME'], '.gitconfig');
  return {
    origin: origin === undefined ? undefined : toUrl(origin),
    branch: /^ref: (refs\/heads\/.+)\n$/.exec(head ?? '')?.[1],
    credentialHelpers: userConfig === undefined ? [] : await readValues(userConfig, 'credential.helper'),
  };
}

/** `git@bitbucket.org:workspace/repository` → `ssh://git@bitbucket.org/workspace/repository` (git-clone(1), "GIT URLS"). */
function toUrl(remote: string): string {
  const [, login, path] = /^([^/:]+):(?!\/\/)(.+)$/.exec(remote) ?? [];
  return login === undefined ? remote : `ssh://${login}/${path?.replace(/^\//, '')}`;
}
