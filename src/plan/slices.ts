/** A commit as `git rev-list --parents` lists it. */
export interface Commit {
  readonly oid: string;
  readonly parents: readonly string[];
}

/**
 * Cuts a history that is too big for one push into slices of at most so many commits. Gives the tips of each, the
 * commits without a child in it: once they are at the destination, so is every commit up to there. `commits` come
 * parents first (`rev-list --topo-order --reverse`) and only once. What follows the last slice is less than one and
 * goes with the branches themselves.
 */
export async function* planSlices(
  commits: AsyncIterable<Commit>,
  commitsPerSlice: number,
): AsyncGenerator<readonly string[]> {
  let tips = new Set<string>();
  let count = 0;
  for await (const { oid, parents } of commits) {
    if (count === commitsPerSlice) {
      yield [...tips];
      [tips, count] = [new Set(), 0];
    }
    for (const parent of parents) tips.delete(parent);
    tips.add(oid);
    count++;
  }
}

/** Where a history is cut, and how small. */
export interface SliceLimits {
  /** Bytes that one push may carry. */
  readonly pushBytes: number;
  /** How many pushes of this run were cut off so far. */
  readonly cuts: number;
}

/** AWS advises about this many for large repositories and poor networks (its user guide, "Migrate in increments"). */
const commitsAtMost = 1_000;

/**
 * How many commits make a slice of a history of so many commits and bytes; undefined when it goes in one push. A
 * slice holds a quarter of what a push may, as commits differ in size, and half as much after each further cut.
 */
export function planSliceLength(
  history: { readonly commits: number; readonly bytes: number },
  { pushBytes, cuts }: SliceLimits,
): number | undefined {
  const isTooBig = history.bytes > pushBytes;
  if (!isTooBig && cuts === 0) return undefined;
  const byBytes = Math.floor((history.commits * (pushBytes / 4)) / Math.max(history.bytes, 1));
  // After a cut, at least two slices, whatever the size that went.
  const most = Math.min(commitsAtMost, isTooBig ? byBytes : Math.ceil(history.commits / 2));
  const length = Math.max(1, Math.floor(most / 2 ** Math.max(cuts - 1, 0)));
  return length < history.commits ? length : undefined;
}
