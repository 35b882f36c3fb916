import { realpath } from 'node:fs/promises';
import { toGitEnvironment } from '../git/environment';
import { createGit } from '../git/git';
import type { Context } from '../system/context';

/** The clone that setup was started in. */
export interface Clone {
  /** The root of its work tree, with symbolic links resolved. */
  readonly root: string;
  /** Whether setup was started there. */
  readonly isRoot: boolean;
  /** `<workspace>/<repository>` on Bitbucket of each remote, that of `origin` first; in lower case. */
  readonly repositories: readonly string[];
}

/** The clone that contains a folder. Undefined if there is none. Throws MirrorError if git is missing. */
export async function readClone(
  cwd: string,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<Clone | undefined> {
  const git = createGit({ directory: cwd, env: toGitEnvironment(env), signal });
  const top = await git.run(['rev-parse', '--show-toplevel']);
  if (top.exitCode !== 0) return undefined;
  const { stdout } = await git.run(['config', '--get-regexp', '^remote\\..*\\.url$']);
  const isOrigin = (line: string) => line.startsWith('remote.origin.url ');
  const lines = stdout.split('\n').sort((a, b) => Number(isOrigin(b)) - Number(isOrigin(a)));
  const repositories = lines.flatMap((line) => parseBitbucketUrl(line.replace(/^\S+ /, '')) ?? []);
  const root = await realpath(top.stdout.trim());
  return { root, isRoot: root === (await realpath(cwd)), repositories };
}

/** `<workspace>/<repository>`, in lower case, of a Bitbucket URL: from the browser, or git over HTTPS or SSH. */
export function parseBitbucketUrl(url: string): string | undefined {
  const host = '(?:(?:alt)?ssh\\.)?bitbucket\\.org';
  const pattern = new RegExp(
    `^(?:\\w+://)?(?:[^@/]*@)?${host}(?::\\d+/|[:/])([\\w-]+/[\\w.-]+?)(?:\\.git)?(?:/|$)`,
  );
  return pattern.exec(url)?.[1]?.toLowerCase();
}
