import type { RefPush } from './plan';
import { isBranch } from './refs';

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
 * Cuts the updates of a plan into pushes. Order: deletions that are in the way of a new name (`a` of `a/b`);
 * into an empty repository, the default branch alone, so that the server makes it its default; branches, then
 * tags; all other deletions last.
 */
export function planBatches(
  pushes: readonly RefPush[],
  options: { first: string | undefined; limits: BatchLimits },
): RefPush[][] {
  const creations = pushes.filter((push) => push.action === 'create').map((push) => push.ref);
  const isInTheWay = toConflictTest(creations);
  const deletions = pushes.filter((push) => push.action === 'delete');
  const others = pushes.filter((push) => push.action !== 'delete');
  const groups = [
    deletions.filter((push) => isInTheWay(push.ref)),
    others.filter((push) => push.ref === options.first),
    [
      ...others.filter((push) => isBranch(push.ref) && push.ref !== options.first),
      ...others.filter((push) => !isBranch(push.ref) && push.ref !== options.first),
    ],
    deletions.filter((push) => !isInTheWay(push.ref)),
  ];
  return toFewestBatches(groups, options.limits);
}

/** Whether a ref is a folder of, or stands below, one of the new names. */
function toConflictTest(creations: readonly string[]): (ref: string) => boolean {
  const names = new Set(creations);
  const folders = new Set(creations.flatMap(toFolders));
  return (ref) => folders.has(ref) || toFolders(ref).some((folder) => names.has(folder));
}

function toFolders(ref: string): string[] {
  const parts = ref.split('/');
  return parts.slice(1, -1).map((_part, index) => parts.slice(0, index + 2).join('/'));
}

/** Only the last two groups may share a push: git sends the refs of one push in an order of its own. */
function toFewestBatches(groups: RefPush[][], limits: BatchLimits): RefPush[][] {
  const [inTheWay = [], first = [], ...rest] = groups;
  return [inTheWay, first, rest.flat()].flatMap((group) => cut(group, limits));
}

function cut(group: readonly RefPush[], limits: BatchLimits): RefPush[][] {
  const batches: RefPush[][] = [];
  let bytes = 0;
  for (const push of group) {
    const size = toArgumentBytes(push);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === limits.refs || bytes + size > limits.argumentBytes) {
      batches.push([push]);
      bytes = size;
    } else {
      batch.push(push);
      bytes += size;
    }
  }
  return batches;
}

/** A lease `--force-with-lease=<ref>:<oid>` and a refspec `<oid>:<ref>`, with a pointer and a NUL each. */
function toArgumentBytes(push: RefPush): number {
  return 2 * Buffer.byteLength(push.ref) + 2 * 40 + 40;
}
