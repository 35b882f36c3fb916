import type { Destination } from '../destination/destination';
import { hasCode, type MirrorError } from '../errors';
import { codeCommitLimits, planBatches } from '../plan/batches';
import type { RefPush } from '../plan/plan';
import type { RefMap } from '../refTable';
import type { RefTables } from '../refTables';
import type { Log } from '../report/log';
import { createTransferListener } from '../report/progress';
import { parsePorcelain, type RefResult } from './porcelain';

/** What one push or several came to as a whole. */
export interface PushTotals {
  /** How often git pushed. */
  readonly pushes: number;
  /** Size of the packs as git told it, rounded as git rounds. */
  readonly bytes: number;
  /** Why a push came to nothing as a whole; what was planned after it was not tried. */
  readonly failure?: MirrorError;
}

/** What was said of each ref that a push told of: `done`, or `-` and in git's or the server's words why not. */
export type Said = Pick<RefMap, 'get'>;

export const done = '+';

export interface Pushed extends PushTotals {
  readonly said: Said;
}

export const nothingPushed: PushTotals = { pushes: 0, bytes: 0 };

/** What a push needs. */
export interface PushNeeds {
  readonly destination: Destination;
  readonly log: Log;
  readonly tables: RefTables;
}

/**
 * Pushes updates in as many batches as CodeCommit needs, `first` by itself before all others, and stops at the first
 * that fails as a whole. Throws only when the run is stopped.
 */
export async function pushUpdates(
  updates: Iterable<RefPush>,
  { destination, log, tables }: PushNeeds,
  first?: string | undefined,
): Promise<Pushed> {
  const said = tables.gatherer();
  let totals = nothingPushed;
  for (const batch of planBatches(updates, { first, limits: codeCommitLimits })) {
    const { results, ...pushed } = await pushBatch(batch, destination, log);
    for (const result of results) said.add(result.ref, result.done ? done : `-${result.reason}`);
    totals = addTotals(totals, pushed);
    if (totals.failure !== undefined) break;
  }
  return { ...totals, said: said.end() };
}

/** Two pushes as one: what both did, and why the second, which may be the last, came to nothing. */
export function addTotals(first: PushTotals, second: PushTotals): PushTotals {
  const { failure } = second;
  return {
    pushes: first.pushes + second.pushes,
    bytes: first.bytes + second.bytes,
    ...(failure && { failure }),
  };
}

/**
 * Each ref carries a lease on the value that the plan saw, so a ref that somebody else changed meanwhile is left
 * alone. A lease lets git overwrite that value whatever it is: the plan has decided that it may.
 */
async function pushBatch(
  batch: readonly RefPush[],
  destination: Destination,
  log: Log,
): Promise<PushTotals & { readonly results: readonly RefResult[] }> {
  const listener = createTransferListener('Pushing to the destination', log);
  try {
    const { exitCode, stdout, stderr } = await destination.push(options, batch, listener);
    for (const line of toServerWords(stderr)) log.debug(line);
    const pushed = { pushes: 1, results: parsePorcelain(stdout), bytes: parsePackBytes(stderr) };
    const isWhole = exitCode === 0 || pushed.results.length >= batch.length;
    return isWhole ? pushed : { ...pushed, failure: destination.describeFailure(stderr) };
  } catch (error) {
    // A push that fell silent has failed as a whole, too; what it may have done all the same is looked at afterwards.
    if (hasCode(error, ['timed-out'])) return { pushes: 1, bytes: 0, results: [], failure: error };
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
