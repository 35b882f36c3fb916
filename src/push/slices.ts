import type { Git } from '../git/git';
import { type Range, rangeOptions, toRangeInput } from '../git/range';
import { toSliceRef } from '../plan/ours';
import { type Commit, planSliceLength, planSlices, type SliceLimits } from '../plan/slices';
import type { RefMap } from '../refTable';
import { addTotals, done, nothingPushed, type PushNeeds, type PushTotals, pushUpdates } from './push';

/** What came of the slices of a history; `tags` are those that carry it now, with what they point at. */
interface SlicesPushed extends PushTotals {
  readonly tags: RefMap;
}

/**
 * Sends a history that is too big for one push ahead of the branches, slice by slice, so that a failure costs one
 * slice. Does nothing when one push will do. `packBytes`, what all packs here have, spares a closer look.
 */
export async function pushSlices(
  range: Range,
  packBytes: number,
  limits: SliceLimits,
  { git, ...needs }: PushNeeds & { readonly git: Git },
): Promise<SlicesPushed> {
  const tags = needs.tables.gatherer();
  let total = nothingPushed;
  const length =
    limits.cuts === 0 && packBytes <= limits.pushBytes
      ? undefined
      : await readSliceLength(git, range, limits);
  if (length === undefined) return { ...total, tags: tags.end() };
  needs.log.info(
    `Sending the history in slices of ${length} commits: a failure then costs one slice, not the whole.`,
  );
  for await (const tips of planSlices(readCommits(git, range), length)) {
    const updates = tips.map(
      (tip) => ({ action: 'create', ref: toSliceRef(tip), old: undefined, new: tip }) as const,
    );
    const pushed = await pushUpdates(updates, needs);
    total = addTotals(total, pushed);
    const carried = updates.filter(({ ref }) => pushed.said.get(ref) === done);
    for (const { ref, new: tip } of carried) tags.add(ref, tip);
    // A server that takes no tag of ours still gets everything with the branches.
    if (pushed.failure !== undefined || carried.length === 0) break;
  }
  return { ...total, tags: tags.end() };
}

async function readSliceLength(git: Git, range: Range, limits: SliceLimits): Promise<number | undefined> {
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
