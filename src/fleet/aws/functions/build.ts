import { MirrorError } from '../../../errors';
import { mirrorPlace } from '../batch/mirrorPlace';
import { parseSettings } from '../catalogue/settings';
import { createClock, endAt } from '../resources/clock';
import { openCodeBuilds } from '../resources/codeBuilds';
import { emptyWorkFolder, type LambdaProgram, toWorkFolder, type Voice } from '../resources/lambdaProgram';
import { parseMessage, toDigest } from '../resources/message';
import { createPartsOpener } from './mirrorFunction';

/** As long as a build may run, but for what follows the run. */
const buildMilliseconds = 7.5 * 3_600_000;

/**
 * Mirrors the place that MIRROR_MESSAGE names, as a build of CodeBuild does: with hours of time and a large disk. Gives
 * the exit code. Throws MirrorError.
 */
export async function runBuild(program: LambdaProgram, voice: Voice): Promise<number> {
  const settings = parseSettings(program.env);
  const message = parseMessage(program.env['MIRROR_MESSAGE'] ?? '');
  if (message === undefined || 'list' in message) throw noMessage();
  const { table, region, buildProject: project = '', functionName } = settings;
  const { now } = program;
  const builds = openCodeBuilds({ project, table, region, functionName, now });
  const begin = now();
  const stop = begin + buildMilliseconds;
  using ending = endAt(createClock(now), stop, 'TIMEOUT');
  const parts = await createPartsOpener(settings, program, voice)(ending.signal);
  await emptyWorkFolder(toWorkFolder(program.env));
  try {
    const window = { begin, stop };
    const own = { ...parts, builds: undefined, bytesAtMost: Infinity };
    const end = await mirrorPlace([{ message, sentAt: begin }], window, own);
    return end === 'done' ? 0 : 1;
  } finally {
    const isMarked = await builds.end(message.place);
    const id = toDigest([message.id, 'ended']);
    if (isMarked) await parts.queue.send([{ ...message, reason: 'built', id }]);
  }
}

const noMessage = () =>
  new MirrorError('fleet-aws-settings', {
    message: 'MIRROR_MESSAGE does not say what this build is to mirror.',
    remedy: 'Leave it to the functions of the stack to start builds.',
  });
