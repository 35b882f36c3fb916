import { CodeCommitClient, UpdateDefaultBranchCommand } from '@aws-sdk/client-codecommit';
import type { Context } from '../system/context';
import { explainErrors } from './client';
import { createRequestHandler } from './http';
import type { Identity } from './identity';
import { createKeyReader } from './keyReader';

/** A repository on CodeCommit, by its region and name. */
export interface Place {
  readonly region: string;
  readonly repository: string;
}

/**
 * Makes a branch, by its short name, the default of a repository (CodeCommit API, UpdateDefaultBranch: the answer is
 * empty, also where it was the default before). The endpoint is AWS_ENDPOINT_URL_CODECOMMIT, where that is set. Throws
 * MirrorError.
 */
export async function updateDefaultBranch(
  { region, repository }: Place,
  branch: string,
  identity: Identity,
  context: Pick<Context, 'env' | 'log' | 'signal'>,
): Promise<void> {
  const { env, signal } = context;
  const readKeys = createKeyReader(identity, region, context);
  const endpoint = env['AWS_ENDPOINT_URL_CODECOMMIT'] || env['AWS_ENDPOINT_URL'];
  const client = new CodeCommitClient({
    region,
    requestHandler: createRequestHandler(env, undefined, signal),
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await readKeys();
      return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    },
    ...(endpoint && { endpoint }),
  });
  const command = new UpdateDefaultBranchCommand({ repositoryName: repository, defaultBranchName: branch });
  try {
    await explainErrors(client).send(command);
  } finally {
    client.destroy();
  }
}
