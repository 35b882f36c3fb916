import { setTimeout as wait } from 'node:timers/promises';
import { type ErrorCode, MirrorError } from '../errors';
import type { Context } from '../system/context';
import { toStopError } from '../system/errors';
import { leaseBroken } from './errors';

/** Failures for which a retry may help. Host keys, permissions and configuration are not among them. */
const transient: readonly ErrorCode[] = [
  'source-unreachable',
  'source-moved',
  'destination-unreachable',
  'sts-failed',
  'connection-dropped',
  'timed-out',
  'push-too-large',
  'out-of-memory',
  'lease-broken',
];

/** What an attempt knows about earlier and later ones. */
export interface Attempt {
  /** No further attempt follows if this one fails. */
  readonly isLast: boolean;
  /** How many pushes of this run were cut off. */
  readonly cuts: number;
}

/** How one attempt ended. */
export interface AttemptResult {
  readonly failure?: MirrorError | undefined;
  /** Refs that another writer changed during the push. */
  readonly contested?: readonly string[];
  /** A push was cut off: the next attempt sends smaller pieces. */
  readonly cut: boolean;
  /** The attempt made progress, so the count of attempts starts again. */
  readonly advanced: boolean;
  /** It did all that it could, and made it possible to do more. */
  readonly opened?: boolean;
}

/**
 * Retries transient failures, after a pause that doubles each time. `maxAttempts` counts attempts in a row without
 * progress. Returns the failure of the last attempt; throws if the run is stopped, and any error that is not a
 * MirrorError.
 */
export async function retryTransient(
  maxAttempts: number,
  { log, signal }: Pick<Context, 'log' | 'signal'>,
  once: (attempt: Attempt) => Promise<AttemptResult>,
): Promise<MirrorError | undefined> {
  let cuts = 0;
  for (let attempt = 1; ; attempt++) {
    const result = await tryOnce(once({ isLast: attempt >= maxAttempts, cuts }));
    const { failure, contested = [], cut, advanced } = result;
    const obstacle = failure ?? (contested.length > 0 ? leaseBroken(contested) : undefined);
    const isSpent = attempt >= maxAttempts && !advanced;
    if (obstacle === undefined || isSpent || !transient.includes(obstacle.code)) return failure;
    if (cut) cuts++;
    if (advanced) attempt = 0;
    const milliseconds = toPause(attempt);
    const count = advanced ? '' : ` (attempt ${attempt + 1} of ${maxAttempts})`;
    log.warn(
      `${toSentence(obstacle.message)} Trying again in ${(milliseconds / 1_000).toFixed(1)} s${count}.`,
    );
    await pause(milliseconds, signal);
  }
}

/** A message that ends with a server's reply may lack the full stop. */
function toSentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

async function tryOnce(attempt: Promise<AttemptResult>): Promise<AttemptResult> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof MirrorError && error.code !== 'stopped' && error.code !== 'time-limit')
      return { failure: error, cut: false, advanced: false };
    throw error;
  }
}

/** Milliseconds: 1 s doubling up to 30 s, with jitter between half and all of it. */
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
