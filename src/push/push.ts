import { hasCode, type MirrorError } from '../errors';
import { parseFailure } from '../git/failures';
import { type BatchLimits, planBatches } from '../plan/batches';
import { isSliceRef } from '../plan/ownRefs';
import type { RefPush } from '../plan/plan';
import type { Remote } from '../remote/remote';
import { createTransferListener } from '../report/progress';
import type { Log } from '../system/context';
import { pushTooLarge } from './errors';
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
 * Pushes updates in as many batches as the destination needs, `first` by itself before all others. The journal has what
 * the server answered. Gives why a batch failed as a whole; what follows such a batch is not pushed.
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
 * Each ref carries a lease on the value that the plan saw, so a ref that somebody else changed in the meantime is left
 * alone. A lease lets git overwrite that value whatever it is: the plan has decided that it may.
 */
async function pushOnce(
  updates: readonly RefPush[],
  { destination, log, journal }: PushNeeds,
): Promise<PushEnd> {
  const listener = createTransferListener('Pushing to the destination', log);
  journal.sending(updates, isSliceRef);
  try {
    const { exitCode, stdout, stderr } = await destination.push(options, updates, listener);
    const results = parsePorcelain(stdout);
    const words = toServerWords(stderr);
    if (words !== undefined) log.debug(words);
    journal.answered(results, words, parsePackBytes(stderr));
    if (exitCode !== 0 && isTooLarge(stderr)) return { failure: pushTooLarge(words), isRefused: false };
    // git itself could not read what it had to send: no refusal of the server, though it says so too.
    const isBroken = exitCode !== 0 && parseFailure(stderr) === 'object-missing';
    const isWhole = exitCode === 0 || (!isBroken && results.length >= updates.length);
    if (!isWhole) return { failure: destination.describeFailure('push', stderr), isRefused: false };
    return { isRefused: results.length > 0 && results.every(isRefusedWithPush) };
  } catch (error) {
    // The server may have carried out a push that went silent: the look afterwards tells.
    if (hasCode(error, ['timed-out'])) return { failure: error, isRefused: false };
    throw error;
  }
}

/** The reasons that git gives every ref of a push when a pre-receive hook or the check of its objects refuses the push. */
function isRefusedWithPush({ done, reason }: RefResult): boolean {
  return !done && /pre-receive hook declined|unpacker error/.test(reason);
}

const options = ['--porcelain', '--progress', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** From git's last line of progress: `Writing objects: 100% (3/3), 1.21 KiB | 1.21 MiB/s, done.` */
export function parsePackBytes(stderr: string): number {
  const [, figure, unit = ''] =
    /Writing objects: 100% \(\d+\/\d+\), ([\d.]+) (bytes|KiB|MiB|GiB)/.exec(stderr) ?? [];
  return figure === undefined ? 0 : Math.round(Number(figure) * (units[unit] ?? 0));
}
