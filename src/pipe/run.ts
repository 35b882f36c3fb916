import { resolve } from 'node:path';
import { invalid, quote } from '../faults';
import { isRefName } from '../git/refName';
import { parseSourceUrl } from './sourceUrl';
import type { Environment } from './variables';

export type RunKind = 'branch' | 'tag' | 'pull-request' | 'commit' | 'none';

/** What Bitbucket says of the run that this is part of. */
export interface Run {
  /** `none`: no run of Pipelines. */
  readonly kind: RunKind;
  /** `refs/heads/…` or `refs/tags/…`; of a pull request, its source branch. */
  readonly ref: string | undefined;
  /** As Bitbucket gives it: 40 hexadecimal digits, or 12 in the run of a pull request. */
  readonly commit: string | undefined;
  /** Absolute. */
  readonly cloneDir: string | undefined;
  /** `http://bitbucket.org/<workspace>/<repository>`: set in a pipe. */
  readonly httpOrigin: string | undefined;
}

const remedy = 'Pipelines sets this variable: leave it out of the variables of the pipe.';

/** Parses the BITBUCKET_* variables. Throws SettingsError. */
export function parseRun(env: Environment, cwd: string): Run {
  const kind = toKind(env);
  const cloneDir = env['BITBUCKET_CLONE_DIR'];
  const httpOrigin = env['BITBUCKET_GIT_HTTP_ORIGIN'];
  return {
    kind,
    ref:
      kind === 'tag'
        ? parseRef(env, 'BITBUCKET_TAG', 'refs/tags/')
        : parseRef(env, 'BITBUCKET_BRANCH', 'refs/heads/'),
    commit: parseCommit(env['BITBUCKET_COMMIT']),
    cloneDir: cloneDir ? resolve(cwd, cloneDir) : undefined,
    httpOrigin: httpOrigin ? parseHttpOrigin(httpOrigin) : undefined,
  };
}

function toKind(env: Environment): RunKind {
  if (env['BITBUCKET_PR_ID']) return 'pull-request';
  if (env['BITBUCKET_TAG']) return 'tag';
  if (env['BITBUCKET_BRANCH']) return 'branch';
  return env['BITBUCKET_COMMIT'] || env['BITBUCKET_GIT_HTTP_ORIGIN'] ? 'commit' : 'none';
}

function parseRef(env: Environment, variable: string, namespace: string): string | undefined {
  const name = env[variable];
  if (!name) return undefined;
  const ref = namespace + name;
  if (isRefName(ref) && !name.startsWith('-')) return ref;
  throw invalid(variable, `${variable} is ${quote(name)}: git allows no ref of that name.`, remedy);
}

function parseCommit(commit: string | undefined): string | undefined {
  if (!commit) return undefined;
  if (/^[0-9a-f]{7,64}$/.test(commit)) return commit;
  throw invalid('BITBUCKET_COMMIT', `BITBUCKET_COMMIT is ${quote(commit)}: it is no object ID.`, remedy);
}

function parseHttpOrigin(origin: string): string {
  const variable = 'BITBUCKET_GIT_HTTP_ORIGIN';
  const { url } = parseSourceUrl(origin, variable);
  if (/^https?:/.test(url)) return url;
  throw invalid(variable, `${variable} is ${quote(origin)}: it is no http:// URL.`, remedy);
}
