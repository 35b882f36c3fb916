import type { MirrorError } from '../errors';
import { describeGitFailure } from '../git/failures';
import type { Git } from '../git/git';
import { cutEndSlashes } from '../http/endSlashes';
import type { Remote } from '../remote/remote';
import { sourceUnreachable } from '../remote/sourceErrors';
import { lfsNotObtained } from './errors';
import { isLfsFailurePassing, runLfs, toLfsWords } from './run';
import type { Pointer } from './search';

/**
 * Fetches the objects of these pointers into the scratch repository: from the clone if it has them, otherwise from the
 * source. git-lfs fetches by commit, so we create a commit that names exactly these pointers; it has no ref and is
 * never pushed. The content of each object is checked against its SHA-256. Returns the error if the fetch fails.
 */
export async function fetchLfsObjects(
  pointers: readonly Pointer[],
  { url, git: sourceGit }: Remote,
  git: Git,
): Promise<MirrorError | undefined> {
  // git-lfs ignores alternates with a quoted path, so the pointers must be in this repository.
  const blobs = pointers.map(({ blob }) => `${blob}\n`);
  await readLine(git, ['pack-objects', '--quiet', 'objects/pack/pack'], blobs);
  const entries = pointers.map(({ oid, blob }) => `100644 blob ${blob}\t${oid}\n`);
  const tree = await readLine(git, ['mktree'], entries);
  const who = 'codecommit-mirror <> 0 +0000';
  const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nGit LFS objects\n`;
  const commit = (await git.read(['hash-object', '-t', 'commit', '-w', '--stdin'], { input: text })).trim();
  const endpoint = toLfsUrl(url);
  const fetched = await runLfs(sourceGit, endpoint, ['fetch', url, commit]);
  if (fetched.exitCode !== 0) return describe(url, fetched.stderr);
  const checked = await runLfs(git, endpoint, ['fsck', '--objects', commit]);
  return checked.exitCode === 0 ? undefined : describe(url, checked.stdout + checked.stderr);
}

/** Runs a command that reads much and prints one line. */
async function readLine(git: Git, command: readonly string[], input: readonly string[]): Promise<string> {
  let last = '';
  for await (const lines of git.lines([command], input.join('')))
    last = lines.findLast((line) => line !== '') ?? last;
  return last;
}

/** Where the LFS objects of a repository are served: https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md */
function toLfsUrl(url: string): string {
  if (url.startsWith('/')) return `file://${url}`;
  return /^https?:/.test(url) ? `${cutEndSlashes(url).replace(/\.git$/, '')}.git/info/lfs` : url;
}

function describe(url: string, stderr: string): MirrorError {
  const failure = describeGitFailure('lfs', { exitCode: 1, stderr });
  if (failure.code === 'disk-full') return failure;
  const words = toLfsWords(stderr);
  return isLfsFailurePassing(stderr) ? sourceUnreachable(url, words) : lfsNotObtained(url, words);
}
