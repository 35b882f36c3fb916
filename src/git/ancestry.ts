import { describeGitFailure } from './failures';
import type { Git } from './git';

/**
 * Whether `commit` is `tip` or one of its ancestors. False if one of them is missing here, so that the answer is
 * unknown. Uses `rev-list --count` instead of `merge-base --is-ancestor`, because a printed 0 is unambiguous.
 */
export async function isAncestor(git: Git, commit: string, tip: string): Promise<boolean> {
  const command = ['rev-list', '--count', '--max-count=1', commit, `^${tip}`, '--'];
  const result = await git.run(command);
  if (result.exitCode === 0) return result.stdout.trim() === '0';
  // For a corrupt object, git prints more than this one line.
  if (/^fatal: bad object [0-9a-f]{40}\s*$/.test(result.stderr)) return false;
  throw describeGitFailure('rev-list', result);
}
