import type { Destination } from '../destination/destination';
import type { Git } from '../git/git';
import { type Range, toRangeInput } from '../git/range';
import { toSliceRef } from '../plan/ours';
import type { RefPush } from '../plan/plan';
import { type Commit, planSliceLength, planSlices, type Slice, type SliceLimits } from '../plan/slices';
import type { RefMap } from '../refTable';
import type { Log } from '../report/log';
import { addPushed, nothingPushed, type Pushed, pushUpdates, toDone } from './push';

/** What came of the slices of a history; `tags` are those that carry it now, with what they point at. */
export interface SlicesPushed extends Pushed {
  readonly tags: RefMap;
}

interface SliceNeeds {
  readonly git: Git;
  readonly destination: Destination;
  readonly log: Log;
}

/**
 * Sends a history that is too big for one push ahead of the branches, slice by slice, so that a failure costs one
 * slice. Does nothing when one push will do. `packBytes`, what all packs here have, spares a closer look.
 */
export async function pushSlices(
  range: Range,
  packBytes: number,
  limits: SliceLimits,
  { git, destination, log }: SliceNeeds,
): Promise<SlicesPushed> {
  const tags = new Map<string, string>();
  let total = nothingPushed;
  const length =
    limits.cuts === 0 && packBytes <= limits.pushBytes
      ? undefined
      : await readSliceLength(git, range, limits);
  if (length === undefined) return { ...total, tags };
  log.info(
    `Sending the history in slices of ${length} commits: a failure then costs one slice, not the whole.`,
  );
  for await (const slice of planSlices(readCommits(git, range), length)) {
    const updates = toUpdates(slice, tags);
    const pushed = await pushUpdates(updates, destination, log);
    total = addPushed(total, pushed);
    const done = toDone(pushed);
    for (const { ref, new: tip } of updates.filter((update) => done.has(update.ref))) {
      if (tip === undefined) tags.delete(ref);
      else tags.set(ref, tip);
    }
    // A server that takes no tag of ours still gets everything with the branches.
    if (pushed.failure !== undefined || done.size === 0) break;
  }
  return { ...total, tags };
}

async function readSliceLength(git: Git, range: Range, limits: SliceLimits): Promise<number | undefined> {
  const input = toRangeInput(range);
  const commits = Number(await git.read(['rev-list', '--count', '--stdin'], { input }));
  const bytes = Number(await git.read(['rev-list', '--objects', '--disk-usage', '--stdin'], { input }));
  return planSliceLength({ commits, bytes }, limits);
}

async function* readCommits(git: Git, range: Range): AsyncGenerator<Commit> {
  const command = ['rev-list', '--topo-order', '--reverse', '--parents', '--stdin'];
  for await (const lines of git.lines([command], toRangeInput(range))) {
    for (const line of lines) {
      const [oid = '', ...parents] = line.split(' ');
      yield { oid, parents };
    }
  }
}

function toUpdates({ tips, obsolete }: Slice, tags: RefMap): RefPush[] {
  return [
    ...tips.map((tip) => ({ action: 'create', ref: toSliceRef(tip), old: undefined, new: tip }) as const),
    ...obsolete
      .filter((tip) => tags.has(toSliceRef(tip)))
      .map((tip) => ({ action: 'delete', ref: toSliceRef(tip), old: tip, new: undefined }) as const),
  ];
}
