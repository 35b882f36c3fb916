import { describeGitFailure } from './failures';
import type { Git } from './git';

/**
 * Whether `tip` has `commit` among its ancestors, or is it; false where one of them is not here, and nothing is known.
 * `rev-list --count` rather than `merge-base --is-ancestor`: its answer is printed, and 0 can't be mistaken.
 */
export async function isAncestor(git: Git, commit: string, tip: string): Promise<boolean> {
  const command = ['rev-list', '--count', '--max-count=1', commit, `^${tip}`, '--'];
  const result = await git.run(command);
  if (result.exitCode === 0) return result.stdout.trim() === '0';
  // Of an object that is there and broken git says more than this one line.
  if (/^fatal: bad object [0-9a-f]{40}\s*$/.test(result.stderr)) return false;
  throw describeGitFailure('rev-list', result);
}
