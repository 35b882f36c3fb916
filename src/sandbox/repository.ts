import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { toGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';

/** The environment of git on the server: no user configuration, and English messages. */
export function toServerEnvironment(): Record<string, string> {
  return toGitEnvironment({ PATH: process.env['PATH'] });
}

/** CodeCommit's rule: 1 to 100 of [A-Za-z0-9._-], not ending in `.git`; `.` and `..` would leave the root. */
export function isRepositoryName(name: string): boolean {
  return /^[A-Za-z0-9._-]{1,100}$/.test(name) && !/^\.\.?$|\.git$/.test(name);
}

/** Creates an empty bare repository below `root` and returns its path. Throws for a name that CodeCommit refuses. */
export async function createRepository(root: string, name: string): Promise<string> {
  if (!isRepositoryName(name)) throw new Error(`not a repository name: ${JSON.stringify(name)}`);
  const path = join(root, name);
  await openGit('/').read(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '--', path]);
  return path;
}

/** The folder of the repository at a client's path (`/v1/repos/<name>`). Undefined if it does not exist. */
export async function readRepositoryPath(root: string, clientPath: string): Promise<string | undefined> {
  const name = /^\/v1\/repos\/([^/]+)$/.exec(clientPath)?.[1];
  if (name === undefined || !isRepositoryName(name)) return undefined;
  const path = join(root, name);
  return access(join(path, 'HEAD')).then(
    () => path,
    () => undefined,
  );
}

/** Makes the first existing one of these branches the default, unless the default branch already exists. */
export async function ensureDefaultBranch(path: string, branches: readonly string[]): Promise<void> {
  const git = openGit(path);
  const exists = async (ref: string) =>
    (await git.run(['--git-dir', path, 'rev-parse', '--quiet', '--verify', ref])).exitCode === 0;
  if (await exists('HEAD')) return;
  for (const branch of branches)
    if (await exists(branch))
      return void (await git.read(['--git-dir', path, 'symbolic-ref', 'HEAD', branch]));
}

function openGit(directory: string): Git {
  return createGit({ directory, env: toServerEnvironment(), signal: new AbortController().signal });
}
