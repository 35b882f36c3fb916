import { isDeepStrictEqual } from 'node:util';
import type { RepositoryTrigger } from '@aws-sdk/client-codecommit';
import { callAws, callAwsUnless } from '../../aws/call';
import { tooManyTriggers } from '../errors';
import { toTriggerName } from '../names';
import type { SetupRequest } from '../request';
import type { Hands } from '../steps/situation';
import { decide, type Step } from '../steps/step';
import type { Aws, Seen } from './aws';

/** CodeCommit allows ten triggers for each repository (CodeCommit user guide, Quotas). */
const triggersAtMost = 10;

/** Every trigger of the repository; none where there is no such repository. */
export async function readTriggers(
  { codecommit, signal: abortSignal }: Aws,
  repositoryName: string,
): Promise<readonly RepositoryTrigger[]> {
  const answer = await callAwsUnless('RepositoryDoesNotExist', 'codecommit:GetRepositoryTriggers', () =>
    codecommit.getRepositoryTriggers({ repositoryName }, { abortSignal }),
  );
  return answer?.triggers ?? [];
}

/** Tells of every event of every branch and tag. */
function toTrigger(request: SetupRequest, destinationArn: string): RepositoryTrigger {
  return { name: toTriggerName(request), destinationArn, customData: '', branches: [], events: ['all'] };
}

/** Throws MirrorError `setup-limit` where the repository has no room for ours. */
export function planTrigger(seen: Seen<readonly RepositoryTrigger[]>, { request, aws }: Hands): Step {
  const { trigger: arn = '' } = request;
  const wanted = toTrigger(request, arn);
  return decide(`CodeCommit trigger ${wanted.name}`, seen, (present) => {
    const ours = present.find(({ name }) => name === wanted.name);
    const run = () => putTriggers(aws, request, wanted);
    if (ours === undefined && present.length >= triggersAtMost)
      throw tooManyTriggers(
        request.name,
        present.map(({ name }) => name ?? ''),
      );
    if (ours === undefined) return { state: 'create', note: `every push → ${arn}`, run };
    if (isSameTrigger(ours, wanted)) return { state: 'exists' };
    return { state: 'change', note: `${ours.destinationArn} → ${arn}`, run };
  });
}

/** CodeCommit may leave empty fields out. */
function isSameTrigger(one: RepositoryTrigger, other: RepositoryTrigger): boolean {
  const toPlain = ({ name, destinationArn, customData = '', branches = [], events }: RepositoryTrigger) => ({
    name,
    destinationArn,
    customData,
    branches,
    events,
  });
  return isDeepStrictEqual(toPlain(one), toPlain(other));
}

/** The one request that changes triggers replaces them all, so the others are read once more and sent with ours. */
async function putTriggers(aws: Aws, request: SetupRequest, wanted: RepositoryTrigger | undefined) {
  const others = (await readTriggers(aws, request.name)).filter(
    ({ name }) => name !== toTriggerName(request),
  );
  const triggers = wanted === undefined ? others : [...others, wanted];
  await callAws('codecommit:PutRepositoryTriggers', () =>
    aws.codecommit.putRepositoryTriggers(
      { repositoryName: request.name, triggers },
      { abortSignal: aws.signal },
    ),
  );
}

/** Takes ours off; without one there is nothing to do. */
export async function planTriggerRemoval({ request, aws }: Hands): Promise<Step[]> {
  const name = toTriggerName(request);
  const ours = (await readTriggers(aws, request.name)).find((each) => each.name === name);
  if (ours === undefined) return [];
  const run = () => putTriggers(aws, request, undefined);
  return [{ title: `CodeCommit trigger ${name}`, state: 'remove', note: ours.destinationArn ?? '', run }];
}
