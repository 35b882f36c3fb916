import type { RepositoryTrigger } from '@aws-sdk/client-codecommit';
import { tooManyTriggers } from '../errors';
import { toTriggerName } from '../names';
import type { Hands } from '../steps/situation';
import { decide, type Step } from '../steps/step';
import type { Seen } from './aws';
import { isSameTrigger, putTriggers, readTriggers, toTrigger } from './triggers';

/** CodeCommit allows ten triggers per repository (CodeCommit user guide, Quotas). */
const triggersAtMost = 10;

/** Throws MirrorError `setup-limit` if the repository has no room for ours. */
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

/** Removes our trigger, if there is one. */
export async function planTriggerRemoval({ request, aws }: Hands): Promise<Step[]> {
  const name = toTriggerName(request);
  const ours = (await readTriggers(aws, request.name)).find((each) => each.name === name);
  if (ours === undefined) return [];
  const run = () => putTriggers(aws, request, undefined);
  return [{ title: `CodeCommit trigger ${name}`, state: 'remove', note: ours.destinationArn ?? '', run }];
}
