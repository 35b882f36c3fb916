/** What an entry hands down, so that what is below needs neither `process.env` nor `process.exit`. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Aborted with the name of the signal that asks the program to stop. */
  readonly signal: AbortSignal;
  readonly stopwatch: Stopwatch;
  readonly startedAt: Date;
}

/** Where a run tells what it does. Every text is cleaned of control characters and of secrets before it is written. */
export interface Log {
  info(text: string): void;
  success(text: string): void;
  warn(text: string): void;
  failure(text: string): void;
  /** What was passed over. */
  skip(text: string): void;
  /** Seen with DEBUG: true only. */
  debug(text: string): void;
  /** A moving line: rewritten in place on a terminal, one line every few seconds in a log. */
  progress(text: string): void;
  /** Masks these texts from now on: secrets that came to be known while the program runs. */
  conceal(secrets: readonly string[]): void;
}

/** Where the time of a run goes, stage by stage. */
export interface Stopwatch {
  /** Runs a stage and adds its time to that name. */
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Seconds by stage, and `total` since the stopwatch was made. */
  read(): Readonly<Record<string, number>>;
}
