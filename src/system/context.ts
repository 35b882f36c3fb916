import type { Log } from '../report/log';
import type { Stopwatch } from '../report/stopwatch';

/** What an entry hands down, so that what is below needs neither `process.env` nor `process.exit`. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
  readonly stopwatch: Stopwatch;
  readonly startedAt: Date;
}
