import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createCleaner, createLog } from '../../../report/log';
import type { Log } from '../../../system/context';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the entry hands down. */
export interface LambdaProgram {
  readonly env: Environment;
  readonly stdout: { write(text: string): unknown };
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** How a program of this room tells what it does. */
export interface Voice {
  readonly log: Log;
  /** A log whose lines say what they are about. */
  logOf(name: string): Log;
  clean(text: string): string;
}

/** Opens the log. What one part of the program conceals, all parts conceal. */
export function openVoice({ env, stdout, now }: LambdaProgram): Voice {
  const cleaner = createCleaner();
  const options = { colour: false, debug: env['DEBUG'] === 'true', cleaner, now };
  return {
    log: createLog({ stream: stdout, ...options }),
    logOf: (name) =>
      createLog({ stream: { write: (text) => stdout.write(`[${name}] ${text}`) }, ...options }),
    clean: cleaner.clean,
  };
}

/** The variables that git, ssh and our own HTTP may need; AWS's keys are not among them. */
const handedOn =
  /^(PATH|HOME|TMPDIR|LANG|LC_ALL|SSL_CERT_FILE|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|AWS_ENDPOINT_URL_STS)$/;

/** The environment of a run: HOME and TMPDIR are in the one folder that a function may write to. */
export function toRunEnvironment(env: Environment, folder: string): Environment {
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => handedOn.test(name)));
  return { ...kept, HOME: folder, TMPDIR: folder };
}

/** The folder of all that is temporary: nothing else is in it, so that all of it can be removed. */
export function toWorkFolder(env: Environment): string {
  return join(env['TMPDIR'] || '/tmp', 'codecommit-mirror');
}

/**
 * Empties the folder. A function that was killed leaves what it had on the disk, and the next one gets the same disk.
 * One sandbox does one thing at a time, so that nobody is using it.
 */
export async function emptyWorkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder))
    await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 });
}
