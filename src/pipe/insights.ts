import type { RemoteSettings } from '../remote/settings';
import type { InsightsPlace } from '../report/codeInsights';
import type { Run } from './run';
import { isSameRepository } from './sourceUrl';
import { pipelinesProxy } from './step';
import type { Environment } from './variables';

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
