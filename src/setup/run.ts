import { toMirrorError } from '../errors';
import { createCleaner, createLog, isColourSeen } from '../report/log';
import { createStopwatch } from '../report/stopwatch';
import { logError } from '../report/text';
import { findSecrets } from '../settings/secrets';
import type { Environment } from '../settings/variables';
import { setupStopped } from './errors';
import { parseRequest, type SetupFlags } from './request';
import { type SetupContext, setup } from './setup';

/** What the entry takes from the process and hands down. */
export interface SetupProgram {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
}

/** Runs `setup` as a program does: shows what happens, gives the exit code. Never throws. */
export async function runSetup(flags: SetupFlags, program: SetupProgram): Promise<number> {
  const context = createContext(program);
  try {
    await setup(parseRequest(flags, program.env, program.cwd), context);
    return 0;
  } catch (error) {
    context.log.debug(error instanceof Error ? String(error.stack) : String(error));
    const failure = program.signal.aborted ? setupStopped(program.signal.reason) : toMirrorError(error);
    logError(failure, context.log);
    return failure.exitCode;
  }
}

function createContext({ env, stdin, stdout, signal }: SetupProgram): SetupContext {
  const cleaner = createCleaner();
  const { conceal, clean } = cleaner;
  conceal([...findSecrets(env), ...findSetupSecrets(env)]);
  const colour = isColourSeen(env, stdout.isTTY === true);
  const log = createLog({
    stream: stdout,
    colour,
    debug: env['DEBUG'] === 'true',
    cleaner,
    now: () => performance.now(),
  });
  const terminal = stdin.isTTY && stdout.isTTY ? { input: stdin, output: stdout } : undefined;
  const say = (text: string) => void stdout.write(clean(text));
  const stopwatch = createStopwatch(() => performance.now());
  return { env, log, signal, stopwatch, startedAt: new Date(), say, conceal, terminal };
}

/** The tokens of Bitbucket, also in the form in which they are sent. */
function findSetupSecrets(env: Environment): string[] {
  const { BITBUCKET_EMAIL: email, BITBUCKET_API_TOKEN: apiToken } = env;
  const sent = email && apiToken ? Buffer.from(`${email}:${apiToken}`).toString('base64') : '';
  return [env['BITBUCKET_TOKEN'] ?? '', apiToken ?? '', sent];
}
