/** A commit as `git rev-list --parents` lists it. */
export interface Commit {
  readonly oid: string;
  readonly parents: readonly string[];
}

/**
 * Splits a history that is too large for one push into slices of a maximum number of commits. Yields the tips of each
 * slice, which are its commits without a child in it: once they are at the destination, so are all commits before them.
 * `commits` must be in topological order, parents first (`rev-list --topo-order --reverse`). The remainder, which is
 * smaller than a slice, goes with the branches.
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

/** When a history is sliced, and how small the slices are. */
export interface SliceLimits {
  /** Maximum bytes of one push. */
  readonly pushBytes: number;
  /** How many pushes of this run were cut off. */
  readonly cuts: number;
}

/**
 * AWS recommends about this many for large repositories and slow networks (its user guide, "Migrate in increments").
 */
const commitsAtMost = 1_000;

/**
 * The number of commits per slice. Undefined if the history fits into one push. A slice gets a quarter of the maximum
 * size, because commits differ in size, and half as much after each further cut.
 */
export function planSliceLength(
  history: { readonly commits: number; readonly bytes: number },
  { pushBytes, cuts }: SliceLimits,
): number | undefined {
  const isTooBig = history.bytes > pushBytes;
  if (!isTooBig && cuts === 0) return undefined;
  const byBytes = Math.floor((history.commits * (pushBytes / 4)) / Math.max(history.bytes, 1));
  // After a cut, use at least two slices, even if the size is below the maximum.
  const most = Math.min(commitsAtMost, isTooBig ? byBytes : Math.ceil(history.commits / 2));
  const length = Math.max(1, Math.floor(most / 2 ** Math.max(cuts - 1, 0)));
  return length < history.commits ? length : undefined;
}
