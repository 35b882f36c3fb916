import { dirname, resolve } from 'node:path';
import { toGitEnvironment, toUsersGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';
import { findClone } from '../objects/clone';
import type { Context } from '../system/context';

/** What the clone on a workstation says about the source. */
export interface Workstation {
  /** Whether the folder is in a git clone. */
  readonly isClone: boolean;
  /** The URL of the remote that git fetches from by default. scp-like URLs become ssh:// URLs, relative paths absolute. */
  readonly origin: string | undefined;
  /** The full name of the checked-out branch. */
  readonly branch: string | undefined;
  /** Rewrites a URL as the user's git configuration does (git-config(1), url.<base>.insteadOf). */
  readonly rewrite: (url: string) => string;
}

/** Does not run git in the clone: its configuration is read as a file. Throws MirrorError if there is no git. */
export async function readWorkstation(
  folder: string,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<Workstation> {
  const clone = await findClone(folder);
  const rewrite = await readRewriting(createGit({ directory: '/', env: toUsersGitEnvironment(env), signal }));
  if (clone === undefined) return { isClone: false, origin: undefined, branch: undefined, rewrite };
  const { gitDirectory, commonDirectory } = clone;
  const git = createGit({ directory: '/', env: toGitEnvironment(env), signal });
  const config = ['config', '--file', resolve(commonDirectory, 'config'), '--no-includes', '--null'];
  const listed = await git.run([...config, '--get-regexp', '^(remote|branch)\\..*\\.(url|remote)$']);
  // git knows every ref format. It reads nothing but the name.
  const head = await git.run(['--git-dir', gitDirectory, 'symbolic-ref', '--quiet', 'HEAD']);
  const branch = /^(refs\/heads\/.+)\n$/.exec(head.stdout)?.[1];
  const url = findRemoteUrl(new Map(toEntries(listed.stdout).reverse()), branch?.replace('refs/heads/', ''));
  return {
    isClone: true,
    origin: url === undefined ? undefined : toUrl(rewrite(url), dirname(commonDirectory)),
    branch: branch === 'refs/heads/.invalid' ? undefined : branch,
    rewrite,
  };
}

/** Not done by `git ls-remote --get-url`: a URL may contain a password, and other users can see arguments. */
async function readRewriting(git: Git): Promise<(url: string) => string> {
  const { stdout } = await git.run(['config', '--null', '--get-regexp', '^url\\..*\\.insteadof$']);
  const rules = toEntries(stdout)
    .map(([key, prefix]) => ({ base: key.slice('url.'.length, -'.insteadof'.length), prefix }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return (url) => {
    const rule = rules.find(({ prefix }) => prefix !== '' && url.startsWith(prefix));
    return rule === undefined ? url : rule.base + url.slice(rule.prefix.length);
  };
}

/** The output of `git config --null`: a key, a line feed, its value. */
function toEntries(output: string): (readonly [string, string])[] {
  return output
    .split('\0')
    .filter((entry) => entry.includes('\n'))
    .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)]);
}

/** The first URL of a remote counts. git-fetch(1): the upstream remote of the branch; otherwise the only remote; otherwise `origin`. */
function findRemoteUrl(entries: ReadonlyMap<string, string>, branch: string | undefined): string | undefined {
  const urls = [...entries].filter(([key]) => /^remote\..*\.url$/.test(key));
  const upstream = entries.get(`branch.${branch}.remote`);
  const [only] = urls.length === 1 ? urls : [];
  return entries.get(`remote.${upstream}.url`) ?? only?.[1] ?? entries.get('remote.origin.url');
}

/** `git@bitbucket.org:workspace/repository` → `ssh://git@bitbucket.org/workspace/repository` (git-clone(1), "GIT URLS"). */
function toUrl(remote: string, folder: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:(\/\/|:)/.test(remote)) return remote;
  const [, login, path] = /^([^/:]+):([^@]+)$/.exec(remote) ?? [];
  return login === undefined ? resolve(folder, remote) : `ssh://${login}/${path?.replace(/^\//, '')}`;
}
