/** What an entry passes down, so that the code below needs neither `process.env` nor `process.exit`. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Aborted with the name of the signal that stops the program. */
  readonly signal: AbortSignal;
  readonly stopwatch: Stopwatch;
  readonly startedAt: Date;
}

/** The log of a run. Control characters and secrets are removed from every text. */
export interface Log {
  info(text: string): void;
  success(text: string): void;
  warn(text: string): void;
  failure(text: string): void;
  /** Something that was skipped. */
  skip(text: string): void;
  /** Shown only with DEBUG: true. */
  debug(text: string): void;
  /** A line of progress: rewritten in place on a terminal, one line every few seconds in a log. */
  progress(text: string): void;
  /**
   * Masks these secrets, which became known during the run, from now on. `isBrief`: they are valid only for minutes, and
   * only the last thousand of them are remembered.
   */
  conceal(secrets: readonly string[], isBrief?: boolean): void;
}

/** Measures the time of a run, stage by stage. */
export interface Stopwatch {
  /** Runs a stage and adds its time to that name. */
  time<T>(stage: string, work: () => Promise<T>): Promise<T>;
  /** Seconds by stage, and `total` since the stopwatch was made. */
  read(): Readonly<Record<string, number>>;
}
