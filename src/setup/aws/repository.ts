import { isDeepStrictEqual } from 'node:util';
import type { RepositoryTrigger } from '@aws-sdk/client-codecommit';
import { ifThere, unlessThere } from '../../aws/client';
import { MirrorError } from '../../errors';
import { type Mirror, toTriggerName } from '../names';
import type { Aws } from './aws';

/** The account that the credentials belong to: 12 digits. Throws MirrorError, which names the profile if there is one. */
export async function readAccount({ sts }: Aws, profile?: string): Promise<string> {
  try {
    return (await sts.getCallerIdentity({})).Account ?? '';
  } catch (error) {
    const isLogin = error instanceof MirrorError && error.code === 'setup-aws-credentials';
    if (!isLogin || profile === undefined) throw error;
    const message = `With the profile ${JSON.stringify(profile)}: ${error.message}`;
    throw new MirrorError(error.code, { message, remedy: error.remedy }, { cause: error });
  }
}

export async function readRepositoryExists({ codecommit }: Aws, repositoryName: string): Promise<boolean> {
  return (await ifThere(codecommit.getRepository({ repositoryName }))) !== undefined;
}

export async function ensureRepository({ codecommit }: Aws, repositoryName: string, from: string) {
  const repositoryDescription = `Mirror of ${from} on Bitbucket`;
  await unlessThere(codecommit.createRepository({ repositoryName, repositoryDescription }));
}

/** Every trigger of the repository. Empty if the repository does not exist. */
export async function readTriggers(
  { codecommit }: Aws,
  repositoryName: string,
): Promise<readonly RepositoryTrigger[]> {
  return (await ifThere(codecommit.getRepositoryTriggers({ repositoryName })))?.triggers ?? [];
}

/** Our trigger, for every event of every branch and tag. */
export function toTrigger(mirror: Mirror, destinationArn: string): RepositoryTrigger {
  return { name: toTriggerName(mirror), destinationArn, customData: '', branches: [], events: ['all'] };
}

/** CodeCommit may omit empty fields. */
export function isSameTrigger(one: RepositoryTrigger, wanted: RepositoryTrigger): boolean {
  return isDeepStrictEqual({ customData: '', branches: [], ...one }, wanted);
}

/** The request that changes triggers replaces all of them, so the others are read again and sent with ours. */
export async function putTriggers(
  aws: Aws,
  mirror: Mirror,
  wanted: RepositoryTrigger | undefined,
): Promise<void> {
  const others = (await readTriggers(aws, mirror.name)).filter(({ name }) => name !== toTriggerName(mirror));
  const triggers = wanted === undefined ? others : [...others, wanted];
  await aws.codecommit.putRepositoryTriggers({ repositoryName: mirror.name, triggers });
}
