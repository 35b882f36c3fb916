import type { RefPush } from './plan';

export interface BatchLimits {
  /** Creates, updates and deletes in one push. */
  readonly refs: number;
}

/** CodeCommit accepts 4,000 refs per push (https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html). */
export const codeCommitLimits: BatchLimits = { refs: 4_000 };

/**
 * Splits the updates of a plan into pushes. Order: deletions that block a new name (`a` blocks `a/b`); in an empty
 * repository, only the default branch, so that the server makes it the default; everything except deletions; all other
 * deletions.
 */
export function planBatches(
  pushes: readonly RefPush[],
  { first, limits }: { first: string | undefined; limits: BatchLimits },
): readonly (readonly RefPush[])[] {
  const [deletions, others] = [pushes.filter(isDeletion), pushes.filter((push) => !isDeletion(push))];
  const isInTheWay = toConflictTest(deletions, others);
  const isFirst = ({ ref }: RefPush) => ref === first;
  // Only the last group may mix actions, because git chooses the order of the refs in a push.
  const rest = [...others.filter((push) => !isFirst(push)), ...deletions.filter((push) => !isInTheWay(push))];
  return [deletions.filter(isInTheWay), others.filter(isFirst), rest].flatMap((group) => cut(group, limits));
}

function isDeletion({ action }: RefPush): boolean {
  return action === 'delete';
}

/**
 * Whether a deletion blocks a new name: it is a folder of that name, or below it. The number of deletions is limited by
 * PRUNE_LIMIT.
 */
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

/** The parent folders of a ref name, without `refs`: `refs/heads` and `refs/heads/a` for `refs/heads/a/b`. */
export function toFolders(ref: string): string[] {
  const parts = ref.split('/');
  return parts.slice(1, -1).map((_part, index) => parts.slice(0, index + 2).join('/'));
}

function cut(group: readonly RefPush[], { refs }: BatchLimits): (readonly RefPush[])[] {
  const count = Math.ceil(group.length / refs);
  return Array.from({ length: count }, (_, index) => group.slice(index * refs, (index + 1) * refs));
}
