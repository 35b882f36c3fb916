import { MirrorError } from '../../../errors';
import { createFleetOpener } from '../catalogue/openCatalogue';
import { openPlans } from '../catalogue/plans';
import { parseSettings } from '../catalogue/settings';
import { openRows } from '../resources/dynamoRows';
import { openDynamoStore } from '../resources/dynamoStore';
import { keepHookSecrets, readHookSecrets } from '../resources/hookSecrets';
import type { LambdaProgram, Voice } from '../resources/lambdaProgram';
import { openSqsQueue } from '../resources/sqsQueue';
import { takeHook } from './hooks';
import type { Handler } from './runtime';

/** The function that answers the webhooks of hosts, at its own URL. Throws MirrorError when its settings are wrong. */
export async function openHookFunction(program: LambdaProgram, voice: Voice): Promise<Handler> {
  const settings = parseSettings(program.env);
  const { hookSecret, mirrors, table, region, queueUrl } = settings;
  if (mirrors.kind !== 'file' || hookSecret === undefined) throw noHooks();
  const fleets = createFleetOpener(mirrors, openDynamoStore(table, region), program, voice);
  const parts = {
    plans: openPlans(openRows(table, region)),
    queue: openSqsQueue(queueUrl, region),
    secrets: keepHookSecrets(() => readHookSecrets(hookSecret), program.now),
    clock: { now: program.now },
    log: voice.log,
  };
  return async (event) => await takeHook(event, { ...parts, fleet: await fleets.open(program.signal) });
}

const noHooks = () =>
  new MirrorError('fleet-aws-settings', {
    message: 'MIRRORS or HOOK_SECRET is not set: without a mirrors.yaml no host sends webhooks here.',
    remedy: 'Set the parameter Webhooks of the stack to true beside MirrorsObjectArn or MirrorsParameter.',
  });
