import type { Job } from '../../../mirror/job';
import { mirror } from '../../../mirror/mirror';
import type { Outcome } from '../../../report/outcome';
import { createStopwatch } from '../../../report/stopwatch';
import { logError, logOutcome } from '../../../report/text';
import type { Context } from '../../../system/context';
import { toMirrorError } from '../../../system/errors';
import { toCleanStore } from '../../state/cleanStore';
import { openMetrics } from '../batch/metrics';
import { type BatchAnswer, type BatchParts, mirrorBatch, toWindow } from '../batch/mirrorBatch';
import { createCatalogueOpener } from '../catalogue/openCatalogue';
import { type FleetSettings, parseSettings } from '../catalogue/settings';
import { createClock, endAt } from '../resources/clock';
import { openCodeBuilds } from '../resources/codeBuilds';
import { openDynamoStore } from '../resources/dynamoStore';
import {
  emptyWorkFolder,
  type LambdaProgram,
  toRunEnvironment,
  toWorkFolder,
  type Voice,
} from '../resources/lambdaProgram';
import { type Place, toPlaceName } from '../resources/message';
import { openSqsQueue } from '../resources/sqsQueue';
import type { Handler } from './runtime';

/** The function that does what the messages of the queue say. Throws MirrorError when its settings are wrong. */
export async function openMirrorFunction(program: LambdaProgram, voice: Voice): Promise<Handler> {
  const run = createBatchRunner(parseSettings(program.env), program, voice);
  return async (event, { deadline }) => await run(event, deadline);
}

/** Does what the messages of one batch say. `deadline` is in milliseconds since 1970. */
export function createBatchRunner(
  settings: FleetSettings,
  program: LambdaProgram,
  voice: Voice,
): (event: unknown, deadline: number) => Promise<BatchAnswer> {
  const open = createPartsOpener(settings, program, voice);
  const clock = createClock(program.now);
  return async (event, deadline) => {
    using ending = endAt(clock, toWindow(clock.now(), deadline).stop, 'TIMEOUT');
    return await mirrorBatch(event, deadline, await open(ending.signal));
  };
}

/** Everything that does what messages say. */
export function createPartsOpener(
  settings: FleetSettings,
  program: LambdaProgram,
  voice: Voice,
): (signal: AbortSignal) => Promise<BatchParts> {
  const { region, queueUrl, table, buildProject, functionName, bytesAtMost } = settings;
  const folder = toWorkFolder(program.env);
  const metrics = openMetrics(settings.stack, program);
  const { now } = program;
  const store = toCleanStore(openDynamoStore(table, region), voice.clean);
  const openCatalogue = createCatalogueOpener(settings, store, program, voice);
  const parts: Omit<BatchParts, 'catalogue'> = {
    store,
    queue: openSqsQueue(queueUrl, region),
    builds:
      buildProject === undefined
        ? undefined
        : openCodeBuilds({ project: buildProject, table, region, functionName, now }),
    bytesAtMost,
    clock: createClock(now),
    log: voice.log,
    atOnce: 4,
    mirror: (job, place, signal) => runCore(job, place, signal, { program, voice, folder }),
    metrics,
    clean: () => emptyWorkFolder(folder),
  };
  return async (signal) => ({ ...parts, catalogue: await openCatalogue(signal) });
}

interface RunParts {
  readonly program: LambdaProgram;
  readonly voice: Voice;
  readonly folder: string;
}

async function runCore(
  job: Job,
  place: Place,
  stop: AbortSignal,
  { program, voice, folder }: RunParts,
): Promise<Outcome> {
  const log = voice.logOf(toPlaceName(place));
  const stopwatch = createStopwatch(() => performance.now());
  const context: Context = {
    env: toRunEnvironment(program.env, folder),
    log,
    signal: AbortSignal.any([program.signal, stop]),
    stopwatch,
    startedAt: new Date(program.now()),
  };
  try {
    const outcome = await mirror(job, context);
    logOutcome(outcome, stopwatch.read()['total'] ?? 0, log);
    return outcome;
  } catch (error) {
    logError(toMirrorError(error), log);
    throw error;
  }
}
