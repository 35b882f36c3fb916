import * as z from 'zod';
import { AwsError } from '../../../src/sandbox/hosts/awsError';
import type { AwsState } from './state';

const trigger = z.strictObject({
  name: z.string().min(1),
  destinationArn: z.string().startsWith('arn:'),
  customData: z.string().default(''),
  branches: z.array(z.string()).default([]),
  events: z.array(z.enum(['all', 'updateReference', 'createReference', 'deleteReference'])).nonempty(),
});

/** CodeCommit's two calls for triggers; undefined for every other call. `place` is `<region>/<name>`. */
export function answerTriggers(
  state: AwsState,
  action: string,
  { place, body }: { place: string; body: unknown },
): object | undefined {
  if (!action.endsWith('RepositoryTriggers')) return undefined;
  if (!state.repositories.has(place))
    throw new AwsError(400, 'RepositoryDoesNotExistException', `${place} does not exist`);
  if (action === 'GetRepositoryTriggers')
    return { configurationId: 'c-1', triggers: state.triggers.get(place) ?? [] };
  const { triggers } = z.object({ triggers: z.array(trigger) }).parse(body);
  if (triggers.length > 10)
    throw new AwsError(400, 'MaximumRepositoryTriggersExceededException', 'at most 10 triggers');
  state.triggers.set(place, triggers);
  return { configurationId: 'c-2' };
}
