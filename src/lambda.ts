import { MirrorError } from './errors';
import {
  type Handler,
  type RuntimeApi,
  reportInitError,
  serveInvocations,
} from './fleet/aws/functions/runtime';
import { type LambdaProgram, openVoice, type Voice } from './fleet/aws/resources/lambdaProgram';
import { type Ending, runEntry } from './program/runEntry';
import { createStopSignal } from './program/stopSignal';

/** The functions of the stack. Each is loaded alone. */
const functions: Readonly<Record<string, (program: LambdaProgram, voice: Voice) => Promise<Handler>>> = {
  intake: async (program, voice) =>
    (await import('./fleet/aws/functions/intakeFunction')).openIntakeFunction(program, voice),
  hooks: async (program, voice) =>
    (await import('./fleet/aws/functions/hookFunction')).openHookFunction(program, voice),
  mirror: async (program, voice) =>
    (await import('./fleet/aws/functions/mirrorFunction')).openMirrorFunction(program, voice),
};

/**
 * A function of AWS Lambda: which one is the argument (`ImageConfig.Command`), or `_HANDLER`. It ends only when Lambda's
 * API is gone or the function can't start. With the argument `build` it is the program of a build of CodeBuild; with
 * `worker` it takes from the same queue, on a machine of one's own.
 */
async function runLambda(): Promise<Ending> {
  const { env, stdout } = process;
  const program: LambdaProgram = { env, stdout, signal: createStopSignal(process), now: Date.now };
  const voice = openVoice(program);
  const command = process.argv[2];
  if (command === 'build') {
    const { runBuild } = await import('./fleet/aws/functions/build');
    return { exitCode: await runBuild(program, voice) };
  }
  if (command === 'worker') {
    const { runWorker } = await import('./fleet/aws/functions/worker');
    await runWorker(program, voice);
    return { exitCode: 0 };
  }
  const address = env['AWS_LAMBDA_RUNTIME_API'];
  if (!address) throw notLambda();
  const api: RuntimeApi = { address, clean: voice.clean };
  const handler = await openFunction(program, voice, api);
  return await serveInvocations(api, handler);
}

/** A function that can't start says why to Lambda, which shows it in the console. */
async function openFunction(program: LambdaProgram, voice: Voice, api: RuntimeApi): Promise<Handler> {
  try {
    const name = process.argv[2] ?? program.env['_HANDLER'] ?? '';
    const open = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (open === undefined) throw noFunction(name);
    return await open(program, voice);
  } catch (error) {
    await reportInitError(api, error);
    throw error;
  }
}

const notLambda = () =>
  new MirrorError('fleet-aws-settings', {
    message: 'AWS_LAMBDA_RUNTIME_API is not set: this is a function of AWS Lambda, and Lambda starts it.',
    remedy: 'Deploy it with deploy/template.yaml. On a machine of your own, use the command line.',
  });

const noFunction = (name: string) =>
  new MirrorError('fleet-aws-settings', {
    message: `There is no function ${JSON.stringify(name)}; there are ${Object.keys(functions).join(', ')}.`,
    remedy: 'Name one of them as ImageConfig.Command of the function.',
  });

void runEntry(runLambda, process, 'stdout');
