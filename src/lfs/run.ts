import { toQuote } from '../errors';
import type { Git, GitResult, GitRunOptions } from '../git/git';
import { programMissing } from '../system/errors';

/** By default git-lfs retries 8 times, for minutes if a server is silent; the run has retries of its own. */
const retries = 'lfs.transfer.maxretries=2';

/**
 * Runs git-lfs. `url` is the LFS endpoint; it overrides the repository's own .lfsconfig. git-lfs stops a silent
 * transfer itself (lfs.activitytimeout, 30 s). Throws MirrorError `program-missing` if git-lfs is not installed.
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

/** The message of git-lfs for one line of a log, without references to its temporary log files. */
export function toLfsWords(stderr: string): string {
  const lines = [...new Set(stderr.split('\n'))];
  return toQuote(
    lines.filter((line) => !/^(Errors logged to|Use `git lfs logs|error: failed to)/.test(line)).join('\n'),
  );
}

/** Whether a retry may succeed. git-lfs calls a 5xx status a `Fatal error`; the rest are messages of Go. */
export function isLfsFailurePassing(stderr: string): boolean {
  return /: Fatal error: |connection (refused|reset)|i\/o timeout|no such host|\bEOF\b|Client\.Timeout/.test(
    stderr,
  );
}
