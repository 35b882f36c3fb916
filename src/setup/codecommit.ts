import { type Aws, callAws, callAwsUnless } from './aws';

/** The account that the credentials belong to: 12 digits. */
export async function readAccount({ sts, signal: abortSignal }: Aws): Promise<string> {
  const answer = await callAws('sts:GetCallerIdentity', () => sts.getCallerIdentity({}, { abortSignal }));
  return answer.Account ?? '';
}

export async function readRepositoryExists({ codecommit, signal: abortSignal }: Aws, repositoryName: string) {
  const answer = await callAwsUnless('RepositoryDoesNotExist', 'codecommit:GetRepository', () =>
    codecommit.getRepository({ repositoryName }, { abortSignal }),
  );
  return answer !== undefined;
}

export async function ensureRepository(
  { codecommit, signal: abortSignal }: Aws,
  repositoryName: string,
  from: string,
) {
  const repositoryDescription = `Mirror of ${from} on Bitbucket`;
  await callAwsUnless('RepositoryNameExists', 'codecommit:CreateRepository', () =>
    codecommit.createRepository({ repositoryName, repositoryDescription }, { abortSignal }),
  );
}
