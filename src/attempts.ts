import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from './context';
import { type ErrorCode, leaseBroken, MirrorError, toStopError } from './errors';
import { addOutcome, type Outcome, toAllRefs } from './push/outcome';

/** What a moment later may be gone by itself. Host keys, permissions and variables are not among it. */
const passing: readonly ErrorCode[] = [
  'source-unreachable',
  'source-moved',
  'destination-unreachable',
  'sts-failed',
  'connection-dropped',
  'timed-out',
  'lease-broken',
];

/** How an attempt stands among the others. */
export interface Attempt {
  /** Nothing follows should this one fail: what there is for the worst case must be done now. */
  readonly isLast: boolean;
  /** How many pushes of this run were cut off so far. */
  readonly cuts: number;
}

/** What one attempt came to. `advanced`: it brought something to the destination, and the next one need not. */
export interface Tried {
  readonly outcome: Outcome;
  readonly advanced: boolean;
}

interface Settled {
  readonly outcome?: Outcome;
  readonly error?: MirrorError;
  readonly advanced: boolean;
}

/**
 * Tries again what may pass, after a pause that doubles each time, and gives the outcomes of all attempts as one.
 * `maxAttempts` counts attempts in a row that got no further. Throws MirrorError when no attempt got as far as to
 * say something of single refs, and when the run is stopped.
 */
export async function tryUntilSettled(
  maxAttempts: number,
  { log, signal }: Pick<Context, 'log' | 'signal'>,
  once: (attempt: Attempt) => Promise<Tried>,
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  let cuts = 0;
  for (let attempt = 1; ; attempt++) {
    const tried = await settle(once({ isLast: attempt >= maxAttempts, cuts }));
    if (tried.outcome !== undefined) outcome = addOutcome(outcome, tried.outcome);
    const obstacle = tried.error ?? toObstacle(tried.outcome);
    const isSpent = attempt >= maxAttempts && !tried.advanced;
    if (obstacle === undefined || isSpent || !passing.includes(obstacle.code))
      return conclude(outcome, tried.error);
    if (tried.outcome?.failure !== undefined) cuts++;
    if (tried.advanced) attempt = 0;
    const milliseconds = toPause(attempt);
    const count = tried.advanced ? '' : ` (attempt ${attempt + 1} of ${maxAttempts})`;
    log.warn(
      `${toSentence(obstacle.message)} Trying again in ${(milliseconds / 1_000).toFixed(1)} s${count}.`,
    );
    await pause(milliseconds, signal);
  }
}

/** A message that ends in a server's words may lack its full stop. */
function toSentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

async function settle(attempt: Promise<Tried>): Promise<Settled> {
  try {
    const { outcome, advanced } = await attempt;
    return { outcome, advanced: advanced || outcome.counts.changed > 0 };
  } catch (error) {
    if (error instanceof MirrorError && error.code !== 'stopped' && error.code !== 'time-limit')
      return { error, advanced: false };
    throw error;
  }
}

/** Why an outcome is not the last word; undefined when nothing was in its way. */
function toObstacle(outcome: Outcome | undefined): MirrorError | undefined {
  if (outcome === undefined || outcome.failure !== undefined) return outcome?.failure;
  if (outcome.counts.contested === 0) return undefined;
  const contested = toAllRefs(outcome).filter((ref) => ref.contested === true);
  return leaseBroken(contested.map(({ ref }) => ref));
}

/** What is known of single refs is worth more than the error that ended it; the outcome carries that too. */
function conclude(outcome: Outcome | undefined, error: MirrorError | undefined): Outcome {
  if (outcome === undefined) throw error;
  return error === undefined ? outcome : { ...outcome, failure: error };
}

/** Milliseconds: 1 s doubling up to 30 s, and of that at random between half and all, so that rivals part. */
function toPause(attempt: number): number {
  return Math.min(1_000 * 2 ** Math.max(attempt - 1, 0), 30_000) * (0.5 + Math.random() / 2);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch {
    throw toStopError(signal.reason);
  }
}
