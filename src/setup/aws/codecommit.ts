import { callAws, callAwsUnless } from '../../aws/call';
import { MirrorError } from '../../errors';
import type { Aws } from './aws';

/** The account that the credentials belong to: 12 digits. Throws MirrorError, which names the profile if there is one. */
export async function readAccount({ sts, signal: abortSignal }: Aws, profile?: string): Promise<string> {
  try {
    const answer = await callAws('sts:GetCallerIdentity', () => sts.getCallerIdentity({}, { abortSignal }));
    return answer.Account ?? '';
  } catch (error) {
    const isLogin = error instanceof MirrorError && error.code === 'setup-aws-credentials';
    if (!isLogin || profile === undefined) throw error;
    const message = `With the profile ${JSON.stringify(profile)}: ${error.message}`;
    throw new MirrorError(error.code, { message, remedy: error.remedy }, { cause: error });
  }
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
