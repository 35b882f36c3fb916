import type { Git } from './git';

/**
 * Whether `tip` has `commit` among its ancestors, or is it. `rev-list --count` rather than `merge-base
 * --is-ancestor`: its answer is printed, and 0 can't be mistaken. Throws MirrorError when one of them is missing.
 */
export async function isAncestor(git: Git, commit: string, tip: string): Promise<boolean> {
  const count = await git.read(['rev-list', '--count', '--max-count=1', commit, `^${tip}`, '--']);
  return count.trim() === '0';
}
