import type { Job } from '../../mirror/job';
import { mirror } from '../../mirror/mirror';
import type { Outcome } from '../../report/outcome';
import { createStopwatch } from '../../report/stopwatch';
import { logError, logOutcome } from '../../report/text';
import type { Context } from '../../system/context';
import { toMirrorError } from '../../system/errors';
import { openCodeBuilds } from './codeBuilds';
import { openDynamoStore } from './dynamoStore';
import {
  emptyWorkFolder,
  type LambdaProgram,
  toRunEnvironment,
  toWorkFolder,
  type Voice,
} from './lambdaProgram';
import { type Place, toPlaceName } from './message';
import { openMetrics } from './metrics';
import { mirrorBatch } from './mirrorBatch';
import type { Clock, MirrorParts } from './mirrorPlace';
import { openCatalogue } from './openCatalogue';
import type { Handler } from './runtime';
import { type FleetSettings, parseSettings } from './settings';
import { openSqsQueue } from './sqsQueue';

/** The function that mirrors what the messages of the queue name. Throws MirrorError when its settings are wrong. */
export async function openMirrorFunction(program: LambdaProgram, voice: Voice): Promise<Handler> {
  const settings = parseSettings(program.env);
  const parts = openMirrorParts(settings, program, voice);
  return async (event, { deadline }) => await mirrorBatch(event, deadline, parts);
}

/** Everything that mirrors what messages name. */
export function openMirrorParts(settings: FleetSettings, program: LambdaProgram, voice: Voice): MirrorParts {
  const { region, queueUrl, table, buildProject, functionName, bytesAtMost } = settings;
  const folder = toWorkFolder(program.env);
  const metrics = openMetrics(settings.stack, program);
  const { now } = program;
  return {
    catalogue: openCatalogue(settings, program, voice),
    store: openDynamoStore(table, region),
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
    measure: metrics.run,
    clean: () => emptyWorkFolder(folder),
  };
}

function createClock(now: () => number): Clock {
  return {
    now,
    at(time, call) {
      const timer = setTimeout(call, Math.max(0, time - now()));
      return () => clearTimeout(timer);
    },
  };
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
