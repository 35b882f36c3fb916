import { setMaxListeners } from 'node:events';
import type { MirrorError } from '../errors';
import { createCleaner, createLog, isColourSeen, labelLog, type Output } from '../report/log';
import { type Remedies, withRemedy } from '../report/remedies';
import { createStopwatch } from '../report/stopwatch';
import type { Context, Log } from '../system/context';
import { toFailure } from '../system/errors';

export type { Output };

/** What every program gets from the process, through its entry. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: Output;
  /** Where failures go; default: standard output. */
  readonly stderr?: Output | undefined;
  /** Aborted with the name of the signal that stops the program. */
  readonly signal: AbortSignal;
  /** What users of this program can do about errors. */
  readonly remedies?: Remedies | undefined;
  /** The output is shown in colour although it is not a terminal. */
  readonly isLogColoured?: boolean | undefined;
}

/** What every program needs while it runs. Disposing of it stops everything that is still running. */
export interface Session extends Disposable {
  /** Its signal is aborted by the signal of the surroundings, by the time limit, and at the end of the session. */
  readonly context: Context;
  /** Removes secrets and control characters. */
  clean(text: string): string;
  /** The context of one of several parts of the run: its log says which, and it measures its own time. */
  fork(label: string): Context;
  /** The log of the context, with another output. */
  openLog(output: Output): Log;
  /** Starts the time limit; when it is reached, the signal is aborted with TIMEOUT. */
  limit(milliseconds: number): void;
  /** The error to report: if the run was stopped, that. Logs the stack with DEBUG. */
  explain(error: unknown): MirrorError;
}

/**
 * Opens the session of a program. `secrets` are masked in everything that it writes, and so are those that its log
 * conceals later.
 */
export function openSession(
  { env, stdout, stderr, signal: stop, isLogColoured = false, remedies }: Surroundings,
  secrets: readonly string[],
): Session {
  const cleaner = createCleaner();
  cleaner.conceal(secrets);
  // Not Date.now: changing the clock must not change the duration of a run.
  const now = () => performance.now();
  const debug = env['DEBUG'] === 'true';
  const openLog = (stream: Output, failures?: Output) => {
    const colour = isColourSeen(env, isLogColoured || stream.isTTY === true);
    return createLog({ stream, failures, colour, debug, cleaner, now });
  };
  const log = openLog(stdout, stderr);
  const ending = new AbortController();
  const signal = AbortSignal.any([stop, ending.signal]);
  // Every running request and command listens to it.
  setMaxListeners(0, signal);
  let timer: NodeJS.Timeout | undefined;
  const context = { env, log, signal, stopwatch: createStopwatch(now), startedAt: new Date() };
  return {
    context,
    fork: (label) => ({ ...context, log: labelLog(log, label), stopwatch: createStopwatch(now) }),
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
