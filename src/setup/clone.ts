import { realpath } from 'node:fs/promises';
import { toGitEnvironment } from '../git/environment';
import { createGit } from '../git/git';
import type { Environment } from '../pipe/variables';

export interface CloneContext {
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** The clone that setup was started in. */
export interface Clone {
  /** Of its work tree; symbolic links are resolved. */
  readonly root: string;
  /** Whether setup was started there. */
  readonly isRoot: boolean;
  /** `<workspace>/<repository>` on Bitbucket of each remote, that of `origin` first; in lower case. */
  readonly repositories: readonly string[];
}

/** Gives the clone around a folder; undefined where there is none. Throws MirrorError where git is missing. */
export async function readClone(cwd: string, { env, signal }: CloneContext): Promise<Clone | undefined> {
  const git = createGit({ directory: cwd, env: toGitEnvironment(env), signal });
  const top = await git.run(['rev-parse', '--show-toplevel']);
  if (top.exitCode !== 0) return undefined;
  const { stdout } = await git.run(['config', '--get-regexp', '^remote\\..*\\.url$']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const first = [...lines].sort((a, b) => Number(isOrigin(b)) - Number(isOrigin(a)));
  const root = await realpath(top.stdout.trim());
  return { root, isRoot: root === (await realpath(cwd)), repositories: first.flatMap(parseRemote) };
}

function isOrigin(line: string): boolean {
  return line.startsWith('remote.origin.url ');
}

function parseRemote(line: string): string[] {
  return parseBitbucketUrl(line.slice(line.indexOf(' ') + 1)) ?? [];
}

/** Gives `<workspace>/<repository>` of a URL of Bitbucket: of the browser, of git over HTTPS or SSH; in lower case. */
export function parseBitbucketUrl(url: string): [string] | undefined {
  const host = '(?:(?:alt)?ssh\\.)?bitbucket\\.org';
  const pattern = new RegExp(
    `^(?:\\w+://)?(?:[^@/]*@)?${host}(?::\\d+/|[:/])([\\w-]+/[\\w.-]+?)(?:\\.git)?(?:/|$)`,
  );
  const [, name] = pattern.exec(url) ?? [];
  return name === undefined ? undefined : [name.toLowerCase()];
}
