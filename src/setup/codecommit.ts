import { CreateRepositoryCommand, GetRepositoryCommand } from '@aws-sdk/client-codecommit';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { type Aws, callAws, callAwsUnless } from './aws';

/** The account that the credentials belong to: 12 digits. */
export async function readAccount({ sts, signal }: Aws): Promise<string> {
  const answer = await callAws('sts:GetCallerIdentity', () =>
    sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal }),
  );
  return answer.Account ?? '';
}

export async function readRepositoryExists({ codecommit, signal }: Aws, repositoryName: string) {
  const answer = await callAwsUnless(['RepositoryDoesNotExist'], 'codecommit:GetRepository', () =>
    codecommit.send(new GetRepositoryCommand({ repositoryName }), { abortSignal: signal }),
  );
  return answer !== undefined;
}

export async function ensureRepository({ codecommit, signal }: Aws, repositoryName: string, from: string) {
  const repositoryDescription = `Mirror of ${from} on Bitbucket`;
  await callAwsUnless(['RepositoryNameExists'], 'codecommit:CreateRepository', () =>
    codecommit.send(new CreateRepositoryCommand({ repositoryName, repositoryDescription }), {
      abortSignal: signal,
    }),
  );
}
