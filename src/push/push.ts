import { hasCode, MirrorError } from '../errors';
import { outOfMemory } from '../git/errors';
import { parseFailure } from '../git/failures';
import { type BatchLimits, planBatches } from '../plan/batches';
import { isSliceRef } from '../plan/ownRefs';
import type { RefPush } from '../plan/plan';
import type { PushAnswer, RefAnswer } from '../remote/pushing/pushSession';
import type { Remote } from '../remote/remote';
import { createTransferListener } from '../report/progress';
import type { Log } from '../system/context';
import { pushTooLarge } from './errors';
import { type PushEnd, pushIsolating } from './isolate';
import type { Journal } from './journal';
import { isTooLarge, toServerWords } from './words';

/** What a push needs. */
export interface PushNeeds {
  readonly destination: Remote;
  readonly batch: BatchLimits;
  readonly log: Log;
  readonly journal: Journal;
}

/**
 * Pushes updates in batches, `first` alone before all others. The journal records the server's answers. Returns the
 * error if a batch failed as a whole; later batches are then not pushed.
 */
export async function pushUpdates(
  updates: readonly RefPush[],
  needs: PushNeeds,
  first?: string | undefined,
): Promise<MirrorError | undefined> {
  for (const batch of planBatches(updates, { first, limits: needs.batch })) {
    const failure = await pushIsolating(batch, (part) => pushOnce(part, needs));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/**
 * Each update is a compare-and-swap on the value that the plan saw, so a ref that another writer changed in the meantime
 * is not changed.
 */
async function pushOnce(
  updates: readonly RefPush[],
  { destination, log, journal }: PushNeeds,
): Promise<PushEnd> {
  const listener = createTransferListener('Pushing to the destination', log);
  journal.sending(updates, isSliceRef);
  try {
    const pushed = await destination.push(updates, listener);
    const answers = readAnswers(updates, pushed);
    const words = toServerWords(pushed.stderr);
    if (words !== undefined) log.debug(words);
    journal.answered(answers, words, pushed.bytes);
    const isDone = pushed.isWhole && answers.every(({ done }) => done);
    const failure = isDone ? undefined : findLocalFailure(pushed.stderr, words);
    if (failure !== undefined) return { failure, isRefused: false };
    // If git can't read the objects to send, it reports each ref as refused by the server.
    const isBroken = !isDone && parseFailure(pushed.stderr) === 'object-missing';
    if (isBroken || !(pushed.isWhole || answers.length >= updates.length))
      return { failure: destination.describeFailure('push', pushed.stderr), isRefused: false };
    return { isRefused: answers.length > 0 && answers.every(isRefusedWithPush) };
  } catch (error) {
    // The server may have completed a push that broke off; the listing afterwards shows it.
    if (error instanceof MirrorError && !hasCode(error, ['stopped', 'time-limit']))
      return { failure: error, isRefused: false };
    throw error;
  }
}

/**
 * The server answers for each ref, unless a reference-transaction hook refuses one: then receive-pack ends without
 * answers (githooks(5)).
 */
function readAnswers(
  updates: readonly RefPush[],
  { isWhole, answers, stderr }: PushAnswer,
): readonly RefAnswer[] {
  if (isWhole || !stderr.includes(abortedReason)) return answers;
  return updates.map(({ ref }) => ({ ref, done: false, reason: abortedReason }));
}

const abortedReason = 'ref updates aborted by hook';

/** Failures of the push as a whole, independent of the answers for its refs. */
function findLocalFailure(stderr: string, words: string | undefined): MirrorError | undefined {
  // The server only sees a pack that ended early; here the cause is known.
  if (/pack-objects died of signal 9/.test(stderr)) return outOfMemory(words);
  return isTooLarge(stderr) ? pushTooLarge(words) : undefined;
}

/**
 * The reasons that git gives for every ref of a push if one of them is refused, or if the check of the objects fails.
 */
function isRefusedWithPush({ done, reason }: RefAnswer): boolean {
  return !done && /pre-receive hook declined|unpacker error|aborted by hook/.test(reason);
}
