import type { MirrorError } from '../errors';
import { type Range, rangeOptions, toRangeInput } from '../git/commitRange';
import type { Git } from '../git/git';
import type { Scratch } from '../objects/scratch';
import { toSliceRef } from '../plan/ownRefs';
import type { RefMap } from '../plan/refs';
import { type Commit, planSliceLength, planSlices, type SliceLimits } from '../plan/slices';
import { type PushNeeds, pushUpdates } from './push';

/** The result of pushing slices. `tags` are the slice tags at the destination. */
interface SlicesPushed {
  readonly tags: RefMap;
  readonly failure: MirrorError | undefined;
}

/**
 * Sends a history that is too large for one push ahead of the branches, slice by slice, so that a failure costs one
 * slice. Does nothing if one push is enough.
 */
export async function pushSlices(
  range: Range,
  limits: SliceLimits,
  { scratch, ...needs }: PushNeeds & { readonly scratch: Scratch },
): Promise<SlicesPushed> {
  const { log, journal } = needs;
  const tags = new Map<string, string>();
  const length = await readSliceLength(range, limits, scratch);
  if (length === undefined) return { tags, failure: undefined };
  log.info(`Sending the history in slices of ${length} commits, so that a failure costs one slice only.`);
  for await (const tips of planSlices(readCommits(scratch.git, range), length)) {
    const updates = tips.map(
      (tip) => ({ action: 'create', ref: toSliceRef(journal.run, tip), old: undefined, new: tip }) as const,
    );
    const failure = await pushUpdates(updates, needs);
    const carried = updates.filter(({ ref }) => journal.answer(ref)?.done === true);
    for (const { ref, new: tip } of carried) tags.set(ref, tip);
    if (failure !== undefined) return { tags, failure };
    // If the server refuses these tags, it gets the history with the branches.
    if (carried.length === 0) break;
  }
  return { tags, failure: undefined };
}

/**
 * Commits in a slice. Undefined if the history fits into one push, which the total size of the packs may already show.
 */
async function readSliceLength(
  range: Range,
  limits: SliceLimits,
  { git, readPackBytes }: Scratch,
): Promise<number | undefined> {
  if (limits.cuts === 0 && (await readPackBytes()) <= limits.pushBytes) return undefined;
  const commits = await readNumber(git, ['--count'], range);
  const bytes = await readNumber(git, ['--objects', '--disk-usage'], range);
  return planSliceLength({ commits, bytes }, limits);
}

async function readNumber(git: Git, options: readonly string[], range: Range): Promise<number> {
  for await (const lines of git.lines([['rev-list', ...options, ...rangeOptions]], toRangeInput(range)))
    for (const line of lines) if (line !== '') return Number(line);
  return 0;
}

async function* readCommits(git: Git, range: Range): AsyncGenerator<Commit> {
  const command = ['rev-list', '--topo-order', '--reverse', '--parents', ...rangeOptions];
  for await (const lines of git.lines([command], toRangeInput(range))) {
    for (const line of lines) {
      const [oid = '', ...parents] = line.split(' ');
      yield { oid, parents };
    }
  }
}
