import { openDynamoStore } from './dynamoStore';
import { takeIn } from './intake';
import type { LambdaProgram, Voice } from './lambdaProgram';
import { openMetrics } from './metrics';
import { openCatalogue } from './openCatalogue';
import type { Handler } from './runtime';
import { parseSettings } from './settings';
import { openSqsQueue } from './sqsQueue';

/**
 * The function that takes events, webhooks and the schedule, and puts places into the queue. Throws MirrorError when its
 * settings are wrong.
 */
export async function openIntakeFunction(program: LambdaProgram, voice: Voice): Promise<Handler> {
  const settings = parseSettings(program.env);
  const { region, queueUrl, table } = settings;
  const parts = {
    catalogue: openCatalogue(settings, program, voice),
    store: openDynamoStore(table, region),
    queue: openSqsQueue(queueUrl, region),
    clock: { now: program.now },
    log: voice.log,
    metrics: openMetrics(settings.stack, program),
    hooks: undefined,
  };
  return async (event) => await takeIn(event, parts);
}
