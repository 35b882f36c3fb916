import { toQuote } from '../errors';
import type { Git, GitResult, GitRunOptions } from '../git/git';
import { programMissing } from '../system/errors';

/** git-lfs would try 8 times more, minutes long where a server is silent; the run itself tries again, too. */
const retries = 'lfs.transfer.maxretries=2';

/**
 * Runs git-lfs. `url` is where its objects come from or go to, and outranks whatever the repository's own .lfsconfig
 * says. git-lfs itself ends a transfer that falls silent (lfs.activitytimeout, 30 s).
 * Throws MirrorError `program-missing` where git-lfs is not installed.
 */
export async function runLfs(
  git: Git,
  url: string,
  args: readonly string[],
  { settings = [], ...options }: GitRunOptions & { readonly settings?: readonly string[] } = {},
): Promise<GitResult> {
  const configured = [`lfs.url=${url}`, retries, ...settings].flatMap((setting) => ['-c', setting]);
  const result = await git.run([...configured, 'lfs', ...args], options);
  if (/'lfs' is not a git command/.test(result.stderr)) throw programMissing('git-lfs', result.stderr);
  return result;
}

/** What git-lfs says, for one line of a log: without its pointers to files that are gone when the line is read. */
export function toLfsWords(stderr: string): string {
  const lines = [...new Set(stderr.split('\n'))];
  return toQuote(
    lines.filter((line) => !/^(Errors logged to|Use `git lfs logs|error: failed to)/.test(line)).join('\n'),
  );
}

/** Whether the same may succeed a moment later. A status of 5xx is a `Fatal error` to git-lfs, the rest are Go's words. */
export function isLfsFailurePassing(stderr: string): boolean {
  return /: Fatal error: |connection (refused|reset)|i\/o timeout|no such host|\bEOF\b|Client\.Timeout/.test(
    stderr,
  );
}
