import type { Environment } from './variables';

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
