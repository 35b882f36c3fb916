import type { RefPush } from './plan';

export interface BatchLimits {
  /** Creates, updates and deletes that one push may carry. */
  readonly refs: number;
  /** Bytes of arguments: git takes leases on its command line only, which the kernel limits. */
  readonly argumentBytes: number;
}

/**
 * CodeCommit takes 4,000 refs a push (https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html).
 * Linux takes a quarter of the stack limit for a command line, 2 MiB by default; half of it leaves room for
 * the environment and the pointers.
 */
export const codeCommitLimits: BatchLimits = { refs: 4_000, argumentBytes: 1_000_000 };

/**
 * Cuts the updates of a plan into pushes. Order: deletions that are in the way of a new name (`a` of `a/b`); into an empty repository, the
 * default branch alone, so that the server makes it its default; all else but deletions; all other deletions last.
 */
export function planBatches(
  pushes: readonly RefPush[],
  { first, limits }: { first: string | undefined; limits: BatchLimits },
): readonly (readonly RefPush[])[] {
  const [deletions, others] = [pushes.filter(isDeletion), pushes.filter((push) => !isDeletion(push))];
  const isInTheWay = toConflictTest(deletions, others);
  const isFirst = ({ ref }: RefPush) => ref === first;
  // Only the last of these groups may mix: git sends the refs of one push in an order of its own.
  const rest = [...others.filter((push) => !isFirst(push)), ...deletions.filter((push) => !isInTheWay(push))];
  return [deletions.filter(isInTheWay), others.filter(isFirst), rest].flatMap((group) => cut(group, limits));
}

function isDeletion({ action }: RefPush): boolean {
  return action === 'delete';
}

/** Whether a deletion, of which there are no more than PRUNE_LIMIT, is a folder of or stands below a new name. */
function toConflictTest(
  deletions: readonly RefPush[],
  others: readonly RefPush[],
): (deletion: RefPush) => boolean {
  const creations = others.filter(({ action }) => action === 'create').map(({ ref }) => ref);
  if (creations.length === 0 || deletions.length === 0) return () => false;
  const deleted = new Set(deletions.map(({ ref }) => ref));
  const above = new Set(deletions.flatMap(({ ref }) => toFolders(ref)));
  const [names, folders] = [new Set<string>(), new Set<string>()];
  for (const ref of creations) {
    if (above.has(ref)) names.add(ref);
    for (const folder of toFolders(ref)) if (deleted.has(folder)) folders.add(folder);
  }
  return ({ ref }) => folders.has(ref) || toFolders(ref).some((folder) => names.has(folder));
}

/** The folders of a ref's name, without `refs` and itself: `refs/heads`, `refs/heads/a` of `refs/heads/a/b`. */
export function toFolders(ref: string): string[] {
  const parts = ref.split('/');
  return parts.slice(1, -1).map((_part, index) => parts.slice(0, index + 2).join('/'));
}

function cut(group: readonly RefPush[], limits: BatchLimits): RefPush[][] {
  const batches: RefPush[][] = [];
  let batch: RefPush[] = [];
  let bytes = 0;
  for (const push of group) {
    const size = toArgumentBytes(push);
    if (batch.length > 0 && (batch.length === limits.refs || bytes + size > limits.argumentBytes)) {
      batches.push(batch);
      [batch, bytes] = [[], 0];
    }
    batch.push(push);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** A lease `--force-with-lease=<ref>:<oid>` and a refspec `<oid>:<ref>`, with a pointer and a NUL each. */
function toArgumentBytes(push: RefPush): number {
  return 2 * Buffer.byteLength(push.ref) + 2 * 40 + 40;
}
