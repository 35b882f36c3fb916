import { resolve } from 'node:path';
import { type FaultCollection, quote } from '../faults';
import { isRefName } from '../git/refName';
import type { RemoteSettings } from '../remote/settings';
import type { InsightsPlace } from '../report/codeInsights';
import { isSameRepository, parseSourceUrl, pipelinesProxy } from './source';
import type { Environment } from './variables';

export type RunKind = 'branch' | 'tag' | 'pull-request' | 'commit' | 'none';

/** What Bitbucket says about the run. */
export interface Run {
  /** `none`: not a run of Pipelines. */
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

/** Parses the BITBUCKET_* variables. Undefined if one of them is invalid. */
export function parseRun(env: Environment, cwd: string, faults: FaultCollection): Run | undefined {
  const kind = toKind(env);
  const [name, namespace] =
    kind === 'tag'
      ? (['BITBUCKET_TAG', 'refs/tags/'] as const)
      : (['BITBUCKET_BRANCH', 'refs/heads/'] as const);
  const { [name]: short, BITBUCKET_COMMIT: commit, BITBUCKET_GIT_HTTP_ORIGIN: origin } = env;
  const cloneDir = env['BITBUCKET_CLONE_DIR'];
  const ref = short ? namespace + short : undefined;
  const before = faults.faults.length;
  if (short && ref && (!isRefName(ref) || short.startsWith('-')))
    addUnfit(name, short, 'is not a valid ref name for git', faults);
  if (commit && !/^[0-9a-f]{7,64}$/.test(commit))
    addUnfit('BITBUCKET_COMMIT', commit, 'is not a valid commit hash', faults);
  const httpOrigin = origin ? parseHttpOrigin(origin, faults) : undefined;
  if (faults.faults.length > before) return undefined;
  return {
    kind,
    ref,
    commit: commit || undefined,
    cloneDir: cloneDir ? resolve(cwd, cloneDir) : undefined,
    httpOrigin,
  };
}

function toKind(env: Environment): RunKind {
  if (env['BITBUCKET_PR_ID']) return 'pull-request';
  if (env['BITBUCKET_TAG']) return 'tag';
  if (env['BITBUCKET_BRANCH']) return 'branch';
  return env['BITBUCKET_COMMIT'] || env['BITBUCKET_GIT_HTTP_ORIGIN'] ? 'commit' : 'none';
}

function parseHttpOrigin(origin: string, faults: FaultCollection): string | undefined {
  const variable = 'BITBUCKET_GIT_HTTP_ORIGIN';
  const url = parseSourceUrl(origin, faults, variable)?.url;
  if (url === undefined || /^https?:/.test(url)) return url;
  return addUnfit(variable, origin, 'is not an http:// URL', faults);
}

function addUnfit(variable: string, value: string, what: string, faults: FaultCollection): undefined {
  const remedy = 'Pipelines sets this variable. Remove it from the variables of the pipe.';
  return faults.add(variable, `${variable} is ${quote(value)}: it ${what}.`, remedy);
}

/**
 * The commit of this run on Bitbucket; undefined outside Pipelines. The way is the proxy of Pipelines, as SOURCE_PROXY
 * names it where the source is the repository of the pipeline.
 */
export function findInsightsPlace(
  env: Environment,
  { commit, httpOrigin }: Run,
  source: RemoteSettings | undefined,
): InsightsPlace | undefined {
  const { BITBUCKET_WORKSPACE: workspace, BITBUCKET_REPO_SLUG: repository } = env;
  if (!workspace || !repository || commit === undefined || httpOrigin === undefined) return undefined;
  const isOwn = source !== undefined && isSameRepository(source.url, httpOrigin);
  const build = /^\d+$/.exec(env['BITBUCKET_BUILD_NUMBER'] ?? '')?.[0];
  const page = `https://bitbucket.org/${encodeURIComponent(workspace)}/${encodeURIComponent(repository)}`;
  return {
    workspace,
    repository,
    commit,
    proxy: (isOwn ? source.proxy?.url : undefined) ?? pipelinesProxy,
    link: build === undefined ? undefined : `${page}/pipelines/results/${build}`,
  };
}

/** Whether this is a step of Pipelines. Then Pipelines names the source. */
export function isPipelinesStep(env: Environment): boolean {
  return env['BITBUCKET_GIT_HTTP_ORIGIN'] !== undefined;
}

/** Whether the log goes to Pipelines, which shows colours. */
export function isPipelinesLog(env: Environment): boolean {
  return env['BITBUCKET_PIPELINE_UUID'] !== undefined;
}

/** The folder that Pipelines cloned into; undefined elsewhere. */
export function findCloneFolder(env: Environment): string | undefined {
  return env['BITBUCKET_CLONE_DIR'];
}
