import type { Destination } from '../destination/destination';
import { hasCode, type MirrorError } from '../errors';
import { codeCommitLimits, planBatches } from '../plan/batches';
import type { RefPush } from '../plan/plan';
import type { Log } from '../report/log';
import { createTransferListener } from '../report/progress';
import { parsePorcelain, type RefResult } from './porcelain';

/** What came of one push or several. */
export interface Pushed {
  /** How often git pushed. */
  readonly pushes: number;
  /** One a ref that a push told of. */
  readonly results: readonly RefResult[];
  /** Size of the packs as git told it, rounded as git rounds. */
  readonly bytes: number;
  /** Why a push came to nothing as a whole; what was planned after it was not tried. */
  readonly failure?: MirrorError;
}

export const nothingPushed: Pushed = { pushes: 0, results: [], bytes: 0 };

/** Pushes batch after batch, and stops at the first that fails as a whole. Throws only when the run is stopped. */
async function pushBatches(
  batches: readonly (readonly RefPush[])[],
  destination: Destination,
  log: Log,
): Promise<Pushed> {
  let all = nothingPushed;
  for (const batch of batches) {
    all = addPushed(all, await pushBatch(batch, destination, log));
    if (all.failure !== undefined) return all;
  }
  return all;
}

/** Pushes updates in as many batches as CodeCommit needs; `first` goes by itself before all others. */
export function pushUpdates(
  updates: readonly RefPush[],
  destination: Destination,
  log: Log,
  first?: string | undefined,
): Promise<Pushed> {
  return pushBatches(planBatches(updates, { first, limits: codeCommitLimits }), destination, log);
}

/** Two pushes as one: what both did, and why the second, which may be the last, came to nothing. */
export function addPushed(first: Pushed, second: Pushed): Pushed {
  return {
    ...second,
    pushes: first.pushes + second.pushes,
    results: [...first.results, ...second.results],
    bytes: first.bytes + second.bytes,
  };
}

/** Which refs a push brought to where they should be, as the server said. */
export function toDone({ results }: Pushed): ReadonlySet<string> {
  return new Set(results.filter((result) => result.done).map(({ ref }) => ref));
}

/**
 * Each ref carries a lease on the value that the plan saw, so a ref that somebody else changed meanwhile is left
 * alone. A lease lets git overwrite that value whatever it is: the plan has decided that it may.
 */
async function pushBatch(batch: readonly RefPush[], destination: Destination, log: Log): Promise<Pushed> {
  const listener = createTransferListener('Pushing to the destination', log);
  try {
    const { exitCode, stdout, stderr } = await destination.push(options, batch, listener);
    for (const line of toServerWords(stderr)) log.debug(line);
    const pushed = { pushes: 1, results: parsePorcelain(stdout), bytes: parsePackBytes(stderr) };
    const isWhole = exitCode === 0 || pushed.results.length >= batch.length;
    return isWhole ? pushed : { ...pushed, failure: destination.describeFailure(stderr) };
  } catch (error) {
    // A push that fell silent has failed as a whole, too; what it may have done all the same is looked at afterwards.
    if (hasCode(error, ['timed-out'])) return { ...nothingPushed, pushes: 1, failure: error };
    throw error;
  }
}

const options = ['--porcelain', '--progress', '--no-verify', '--no-follow-tags', '--recurse-submodules=no'];

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** From git's last line of progress: `Writing objects: 100% (3/3), 1.21 KiB | 1.21 MiB/s, done.` */
export function parsePackBytes(stderr: string): number {
  const [, figure, unit = ''] =
    /Writing objects: 100% \(\d+\/\d+\), ([\d.]+) (bytes|KiB|MiB|GiB)/.exec(stderr) ?? [];
  return figure === undefined ? 0 : Math.round(Number(figure) * (units[unit] ?? 0));
}

function toServerWords(stderr: string): string[] {
  return stderr.split(/[\r\n]+/).filter((line) => line.startsWith('remote: ') && !/\d+%|, done\./.test(line));
}
