import { hasCode, type MirrorError } from '../errors';
import { parseFailure } from '../git/failures';
import type { GitResult } from '../git/git';
import { type BatchLimits, planBatches } from '../plan/batches';
import { isSliceRef } from '../plan/ownRefs';
import type { RefPush } from '../plan/plan';
import type { Remote } from '../remote/remote';
import { createTransferListener } from '../report/progress';
import type { Log } from '../system/context';
import { outOfMemory, pushTooLarge } from './errors';
import { type PushEnd, pushIsolating } from './isolate';
import type { Journal } from './journal';
import { parsePorcelain, type RefResult } from './porcelain';
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
 * Each ref has a lease on the value that the plan saw, so a ref that another writer changed in the meantime is not
 * changed. A lease allows git to overwrite that value in any case; the plan has already decided that it may.
 */
async function pushOnce(
  updates: readonly RefPush[],
  { destination, log, journal }: PushNeeds,
): Promise<PushEnd> {
  const listener = createTransferListener('Pushing to the destination', log);
  journal.sending(updates, isSliceRef);
  try {
    const result = await destination.push(options, updates, listener);
    const results = readAnswers(updates, result);
    const words = toServerWords(result.stderr);
    if (words !== undefined) log.debug(words);
    journal.answered(results, words, parsePackBytes(result.stderr));
    if (result.exitCode === 0) return { isRefused: false };
    const failure = findLocalFailure(result, words);
    // If git can't read the objects to send, it reports each ref as refused by the server.
    const isBroken = parseFailure(result.stderr) === 'object-missing';
    if (failure === undefined && !isBroken && results.length >= updates.length)
      return { isRefused: results.length > 0 && results.every(isRefusedWithPush) };
    return { failure: failure ?? destination.describeFailure('push', result.stderr), isRefused: false };
  } catch (error) {
    // The server may have completed a push that went silent; the listing afterwards shows it.
    if (hasCode(error, ['timed-out'])) return { failure: error, isRefused: false };
    throw error;
  }
}

/**
 * The server answers for each ref, unless a reference-transaction hook refuses one: then receive-pack ends without
 * answers (githooks(5)).
 */
function readAnswers(
  updates: readonly RefPush[],
  { exitCode, stdout, stderr }: GitResult,
): readonly RefResult[] {
  if (exitCode === 0 || !stderr.includes(abortedReason)) return parsePorcelain(stdout);
  return updates.map(({ ref }) => ({ ref, done: false, reason: abortedReason }));
}

const abortedReason = 'ref updates aborted by hook';

/** Failures of the push as a whole, independent of the answers for its refs. */
function findLocalFailure(
  { exitCode, stderr }: GitResult,
  words: string | undefined,
): MirrorError | undefined {
  // The server only sees a pack that ended early; here the cause is known. A negative exit code: a signal ended git.
  if (exitCode < 0 || /pack-objects died of signal 9/.test(stderr)) return outOfMemory(words);
  return isTooLarge(stderr) ? pushTooLarge(words) : undefined;
}

/**
 * The reasons that git gives for every ref of a push if one of them is refused, or if the check of the objects fails.
 */
function isRefusedWithPush({ done, reason }: RefResult): boolean {
  return !done && /pre-receive hook declined|unpacker error|aborted by hook/.test(reason);
}

const options = ['--porcelain', '--progress', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** From git's last line of progress: `Writing objects: 100% (3/3), 1.21 KiB | 1.21 MiB/s, done.` */
export function parsePackBytes(stderr: string): number {
  const [, figure, unit = ''] =
    /Writing objects: 100% \(\d+\/\d+\), ([\d.]+) (bytes|KiB|MiB|GiB)/.exec(stderr) ?? [];
  return figure === undefined ? 0 : Math.round(Number(figure) * (units[unit] ?? 0));
}
