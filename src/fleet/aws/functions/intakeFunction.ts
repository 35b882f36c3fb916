import { createSourcesOpener } from '../catalogue/openCatalogue';
import { parseSettings } from '../catalogue/settings';
import type { LambdaProgram, Voice } from '../resources/lambdaProgram';
import { openSqsQueue } from '../resources/sqsQueue';
import { takeIn } from './intake';
import type { Handler } from './runtime';

/**
 * The function that takes events and the schedule, and puts into the queue what is to be done. Throws MirrorError when
 * its settings are wrong.
 */
export async function openIntakeFunction(program: LambdaProgram, voice: Voice): Promise<Handler> {
  const settings = parseSettings(program.env);
  const queue = openSqsQueue(settings.queueUrl, settings.region);
  const openSources = createSourcesOpener(settings, program);
  const clock = { now: program.now };
  return async (event) => await takeIn(event, { sources: await openSources(), queue, clock, log: voice.log });
}
