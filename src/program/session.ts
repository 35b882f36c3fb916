import { setMaxListeners } from 'node:events';
import type { MirrorError } from '../errors';
import { createCleaner, createLog, isColourSeen } from '../report/log';
import { type Remedies, withRemedy } from '../report/remedies';
import { createStopwatch } from '../report/stopwatch';
import type { Context, Log } from '../system/context';
import { toFailure } from '../system/errors';

/** Where a program writes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What every program takes from the process, by its entry. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  /** Where failures go; default: standard output. */
  readonly stderr?: Output | undefined;
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
  /** What the users of this program can do about errors. */
  readonly remedies?: Remedies | undefined;
  /** What reads the output shows colours, though it is no terminal. */
  readonly isLogColoured?: boolean | undefined;
}

/** What every program works with while it runs. Disposing of it ends what is still under way. */
export interface Session extends Disposable {
  /** Its signal is that of the surroundings, and also ends with the time limit and with the session. */
  readonly context: Context;
  /** Removes secrets and control characters. */
  clean(text: string): string;
  /** A log as that of the context, to another output. */
  openLog(output: Output): Log;
  /** From now on the run may take this long; then its signal is aborted with TIMEOUT. */
  limit(milliseconds: number): void;
  /** What an error means to the user: that the run was stopped, where it was. Tells its stack with DEBUG. */
  explain(error: unknown): MirrorError;
}

/** Opens the session of a program. `secrets` are masked in all that it writes, as are those that its log conceals later. */
export function openSession(
  { env, stdout, stderr, signal: stop, isLogColoured = false, remedies }: Surroundings,
  secrets: readonly string[],
): Session {
  const cleaner = createCleaner();
  cleaner.conceal(secrets);
  // Not Date.now: a clock that is set meanwhile must not change how long a run took.
  const now = () => performance.now();
  const debug = env['DEBUG'] === 'true';
  const openLog = (stream: Output, failures?: Output) => {
    const colour = isColourSeen(env, isLogColoured || stream.isTTY === true);
    return createLog({ stream, failures, colour, debug, cleaner, now });
  };
  const log = openLog(stdout, stderr);
  const ending = new AbortController();
  const signal = AbortSignal.any([stop, ending.signal]);
  // Every request and every command that is under way listens to it.
  setMaxListeners(0, signal);
  let timer: NodeJS.Timeout | undefined;
  return {
    context: { env, log, signal, stopwatch: createStopwatch(now), startedAt: new Date() },
    clean: cleaner.clean,
    openLog,
    limit(milliseconds) {
      timer = setTimeout(() => ending.abort('TIMEOUT'), milliseconds);
    },
    explain: (error) => withRemedy(toFailure(error, { log, signal }), remedies),
    [Symbol.dispose]() {
      clearTimeout(timer);
      ending.abort();
    },
  };
}
