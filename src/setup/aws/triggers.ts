import { isDeepStrictEqual } from 'node:util';
import type { RepositoryTrigger } from '@aws-sdk/client-codecommit';
import { callAws, callAwsUnless } from '../../aws/call';
import { type Mirror, toTriggerName } from '../names';
import type { Aws } from './aws';

/** Every trigger of the repository. Empty if the repository does not exist. */
export async function readTriggers(
  { codecommit, signal: abortSignal }: Aws,
  repositoryName: string,
): Promise<readonly RepositoryTrigger[]> {
  const answer = await callAwsUnless('RepositoryDoesNotExist', 'codecommit:GetRepositoryTriggers', () =>
    codecommit.getRepositoryTriggers({ repositoryName }, { abortSignal }),
  );
  return answer?.triggers ?? [];
}

/** Our trigger, for every event of every branch and tag. */
export function toTrigger(mirror: Mirror, destinationArn: string): RepositoryTrigger {
  return { name: toTriggerName(mirror), destinationArn, customData: '', branches: [], events: ['all'] };
}

/** CodeCommit may omit empty fields. */
export function isSameTrigger(one: RepositoryTrigger, other: RepositoryTrigger): boolean {
  const toPlain = ({ name, destinationArn, customData = '', branches = [], events }: RepositoryTrigger) => ({
    name,
    destinationArn,
    customData,
    branches,
    events,
  });
  return isDeepStrictEqual(toPlain(one), toPlain(other));
}

/** The request that changes triggers replaces all of them, so the others are read again and sent with ours. */
export async function putTriggers(
  aws: Aws,
  mirror: Mirror,
  wanted: RepositoryTrigger | undefined,
): Promise<void> {
  const others = (await readTriggers(aws, mirror.name)).filter(({ name }) => name !== toTriggerName(mirror));
  const triggers = wanted === undefined ? others : [...others, wanted];
  await callAws('codecommit:PutRepositoryTriggers', () =>
    aws.codecommit.putRepositoryTriggers(
      { repositoryName: mirror.name, triggers },
      { abortSignal: aws.signal },
    ),
  );
}
