/** A commit as `git rev-list --parents` lists it. */
export interface Commit {
  readonly oid: string;
  readonly parents: readonly string[];
}

/**
 * A piece of a history that is too big for one push. Once `tips` are at the destination, so is every commit up to
 * here, and `obsolete`, tips of slices before, lie below them.
 */
export interface Slice {
  readonly tips: readonly string[];
  readonly obsolete: readonly string[];
}

/**
 * Cuts a history into slices of at most so many commits. `commits` come parents first (`rev-list --topo-order
 * --reverse`) and only once. What follows the last slice is less than one and goes with the branches themselves.
 */
export async function* planSlices(
  commits: AsyncIterable<Commit>,
  commitsPerSlice: number,
): AsyncGenerator<Slice> {
  // The commits without a child so far: with them at the destination, everything so far is.
  const frontier = new Set<string>();
  let tips: ReadonlySet<string> = new Set();
  let count = 0;
  for await (const { oid, parents } of commits) {
    if (count === commitsPerSlice) {
      const next = new Set(frontier);
      yield {
        tips: [...next].filter((tip) => !tips.has(tip)),
        obsolete: [...tips].filter((tip) => !next.has(tip)),
      };
      tips = next;
      count = 0;
    }
    for (const parent of parents) frontier.delete(parent);
    frontier.add(oid);
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
  const most = isTooBig ? Math.min(commitsAtMost, byBytes) : commitsAtMost;
  const length = Math.max(1, Math.floor(most / 2 ** Math.max(cuts - 1, 0)));
  return length < history.commits ? length : undefined;
}
