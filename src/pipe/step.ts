import type { Environment } from './variables';

/** The proxy of Pipelines, as seen from inside a pipe. */
export const pipelinesProxy = 'http://host.docker.internal:29418';

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
