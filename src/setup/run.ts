import { setMaxListeners } from 'node:events';
import { findSecrets } from '../pipe/secrets';
import type { Environment } from '../pipe/variables';
import { createCleaner, createLog, isColourSeen } from '../report/log';
import { createStopwatch } from '../report/stopwatch';
import { logError } from '../report/text';
import type { PrivateKey } from '../ssh/privateKey';
import { toMirrorError } from '../system/errors';
import { createKeyPair } from './aws/keyPair';
import { readClone } from './clone';
import type { SetupContext } from './context';
import { setupStopped } from './errors';
import { parseRequest, type SetupFlags } from './request';
import { setup } from './setup';

/** What the entry takes from the process and hands down. */
export interface SetupProgram {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Where failures go; by default with everything else. */
  readonly stderr?: NodeJS.WritableStream;
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
  /** Makes an RSA key pair; by default one of 4096 bits. */
  readonly createKey?: () => Promise<PrivateKey>;
}

/** Runs `setup` as a program does: shows what happens, gives the exit code. Never throws. */
export async function runSetup(flags: SetupFlags, program: SetupProgram): Promise<number> {
  // A reader that leaves, such as `head`, must not end setup between two changes.
  program.stdout.on('error', () => undefined);
  const ending = new AbortController();
  const signal = AbortSignal.any([program.signal, ending.signal]);
  // Every request that AWS's client retries listens to it.
  setMaxListeners(0, signal);
  const context = createContext({ ...program, signal });
  try {
    const origin = flags.bitbucket === undefined ? await readOrigin(program) : undefined;
    await setup(parseRequest(flags, { ...program, origin }), context);
    return 0;
  } catch (error) {
    // Requests that are still under way have nothing to tell any more.
    ending.abort();
    context.log.debug(error instanceof Error ? String(error.stack) : String(error));
    const failure = program.signal.aborted ? setupStopped(program.signal.reason) : toMirrorError(error);
    logError(failure, context.log);
    return failure.exitCode;
  }
}

/** Where git is missing, --bitbucket is asked for. */
async function readOrigin({ cwd, env, signal }: SetupProgram): Promise<string | undefined> {
  const clone = await readClone(cwd, { env, signal }).catch(() => undefined);
  return clone?.repositories[0];
}

function createContext(program: SetupProgram): SetupContext {
  const { env, stdin, stdout, signal, createKey = createKeyPair } = program;
  const cleaner = createCleaner();
  const { conceal, clean } = cleaner;
  conceal([...findSecrets(env), ...findSetupSecrets(env)]);
  const colour = isColourSeen(env, stdout.isTTY === true);
  const log = createLog({
    stream: stdout,
    failures: program.stderr,
    colour,
    debug: env['DEBUG'] === 'true',
    cleaner,
    now: () => performance.now(),
  });
  const terminal = stdin.isTTY && stdout.isTTY ? { input: stdin, output: stdout } : undefined;
  const say = (text: string) => void stdout.write(clean(text));
  const stopwatch = createStopwatch(() => performance.now());
  return { env, log, signal, stopwatch, startedAt: new Date(), say, conceal, createKey, terminal };
}

/** The tokens of Bitbucket, also in the form in which they are sent. */
function findSetupSecrets(env: Environment): string[] {
  const { BITBUCKET_EMAIL: email, BITBUCKET_API_TOKEN: apiToken } = env;
  const sent = email && apiToken ? Buffer.from(`${email}:${apiToken}`).toString('base64') : '';
  return [env['BITBUCKET_TOKEN'] ?? '', apiToken ?? '', sent];
}
