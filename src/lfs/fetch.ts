import type { MirrorError } from '../errors';
import { describeGitFailure } from '../git/failures';
import type { Git } from '../git/git';
import type { Remote } from '../remote/remote';
import { sourceUnreachable } from '../remote/sourceErrors';
import { lfsNotObtained } from './errors';
import { isLfsFailurePassing, runLfs, toLfsWords } from './run';
import type { Pointer } from './search';

/**
 * Brings the objects of these pointers into the scratch repository: from the clone where it has them, else from the
 * source. git-lfs fetches by commit, so a commit of our own, in no ref and sent nowhere, names just these
 * pointers. Each content is held against its SHA-256. Gives why they can't be had.
 */
export async function fetchLfsObjects(
  pointers: readonly Pointer[],
  { url, git: sourceGit }: Remote,
  git: Git,
): Promise<MirrorError | undefined> {
  // git-lfs reads no alternates whose path stands in quotes: the pointers must be in here.
  const blobs = pointers.map(({ blob }) => `${blob}\n`);
  await readLine(git, ['pack-objects', '--quiet', 'objects/pack/pack'], blobs);
  const entries = pointers.map(({ oid, blob }) => `100644 blob ${blob}\t${oid}\n`);
  const tree = await readLine(git, ['mktree'], entries);
  const who = 'codecommit-mirror <> 0 +0000';
  const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\nobjects of Git LFS\n`;
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
  return /^https?:/.test(url) ? `${url.replace(/\/+$/, '').replace(/\.git$/, '')}.git/info/lfs` : url;
}

function describe(url: string, stderr: string): MirrorError {
  const failure = describeGitFailure('lfs', { exitCode: 1, stderr });
  if (failure.code === 'disk-full') return failure;
  const words = toLfsWords(stderr);
  return isLfsFailurePassing(stderr) ? sourceUnreachable(url, words) : lfsNotObtained(url, words);
}
