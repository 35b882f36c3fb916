import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { toGitEnvironment } from '../git/environment';
import { runChild } from '../system/child';

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
  await runGit(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '--', path]);
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
  if (await refExists(path, 'HEAD')) return;
  for (const branch of branches) {
    if (await refExists(path, branch)) {
      await runGit(['--git-dir', path, 'symbolic-ref', 'HEAD', branch]);
      return;
    }
  }
}

function refExists(path: string, ref: string): Promise<boolean> {
  return runGit(['--git-dir', path, 'rev-parse', '--quiet', '--verify', ref]).then(
    () => true,
    () => false,
  );
}

async function runGit(args: readonly string[]): Promise<void> {
  const { signal } = new AbortController();
  const { exitCode, stderr } = await runChild({
    program: 'git',
    args,
    name: 'git',
    env: toServerEnvironment(),
    signal,
  });
  if (exitCode !== 0) throw new Error(stderr);
}
