import { remedies } from '../pipe/remedies';
import { findSecrets } from '../pipe/secrets';
import type { Environment } from '../pipe/variables';
import { openSession, type Session, type Surroundings } from '../program/session';
import { logError } from '../report/text';
import type { PrivateKey } from '../ssh/privateKey';
import { createKeyPair } from './aws/keyFile';
import { readClone } from './clone';
import { setupStopped } from './errors';
import { parseRequest, type SetupFlags } from './request';
import { setup } from './setup';
import type { SetupContext } from './steps/situation';

/** What the entry passes on from the process. */
export interface SetupProgram extends Surroundings {
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Creates an RSA key pair; by default one of 4096 bits. */
  readonly createKey?: () => Promise<PrivateKey>;
}

/** Runs `setup` as a program: shows what happens, returns the exit code. Never throws. */
export async function runSetup(flags: SetupFlags, program: SetupProgram): Promise<number> {
  const { env, signal } = program;
  using session = openSession({ ...program, remedies }, [...findSecrets(env), ...findSetupSecrets(env)]);
  try {
    const origin = flags.bitbucket === undefined ? await readOrigin(program) : undefined;
    await setup(parseRequest(flags, { ...program, origin }), toContext(program, session));
    return 0;
  } catch (error) {
    const explained = session.explain(error);
    const failure = signal.aborted ? setupStopped(signal.reason) : explained;
    logError(failure, session.context.log);
    return failure.exitCode;
  }
}

/** Without git, --bitbucket is required. */
async function readOrigin({ cwd, env, signal }: SetupProgram): Promise<string | undefined> {
  const clone = await readClone(cwd, { env, signal }).catch(() => undefined);
  return clone?.repositories[0];
}

function toContext(program: SetupProgram, { context, clean }: Session): SetupContext {
  const { stdin, stdout, createKey = createKeyPair } = program;
  const terminal = stdin.isTTY && stdout.isTTY ? { input: stdin, output: stdout } : undefined;
  const say = (text: string) => void stdout.write(clean(text));
  return { ...context, say, createKey, terminal };
}

/** The tokens of Bitbucket, also in the form that is sent. */
function findSetupSecrets(env: Environment): string[] {
  const { BITBUCKET_EMAIL: email, BITBUCKET_API_TOKEN: apiToken } = env;
  const sent = email && apiToken ? Buffer.from(`${email}:${apiToken}`).toString('base64') : '';
  return [env['BITBUCKET_TOKEN'] ?? '', apiToken ?? '', sent];
}
