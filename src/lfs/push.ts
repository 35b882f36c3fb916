import type { MirrorError } from '../errors';
import { parseFailure } from '../git/failures';
import type { Git } from '../git/git';
import { connectionDropped } from '../remote/errors';
import { lfsNotSent } from './errors';
import type { LfsObject } from './pointer';
import { isLfsFailurePassing, runLfs, toLfsWords } from './run';

/** What the destination is reached by. */
interface LfsNeeds {
  readonly git: Git;
  /** ssh and configuration, as git finds them in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly describeFailure: (stderr: string) => MirrorError;
}

/** Object IDs stand on the command line, which has a limit: git-lfs before 3.4 reads them from nowhere else. */
const objectsAtOnce = 1_000;

const settings = [
  // The source's proxy and passwords are the source's alone, whatever address the destination names for its objects.
  'http.proxy=',
  'credential.helper=',
  // Our ssh has one connection already.
  'lfs.ssh.autoMultiplex=false',
];

/** Sends objects of Git LFS; those that the destination has are not sent again. Gives why it has not got them all. */
export async function pushLfsObjects(
  objects: readonly LfsObject[],
  url: string,
  { git, env, describeFailure }: LfsNeeds,
): Promise<MirrorError | undefined> {
  function describe(stderr: string): MirrorError {
    if (isKnown(stderr)) return describeFailure(stderr);
    const words = toLfsWords(stderr);
    return isLfsFailurePassing(stderr) ? connectionDropped(url, words) : lfsNotSent(url, words);
  }
  for (let index = 0; index < objects.length; index += objectsAtOnce) {
    const some = objects.slice(index, index + objectsAtOnce);
    const args = ['push', '--object-id', url, ...some.map(({ oid }) => oid)];
    const { exitCode, stderr } = await runLfs(git, url, args, { env, settings });
    if (exitCode === 0) continue;
    return describe(stderr);
  }
  return undefined;
}

/** A failure of the connection or of the disk is that of any push. */
function isKnown(stderr: string): boolean {
  return ['unreachable', 'dropped', 'timed-out', 'disk-full'].includes(parseFailure(stderr));
}
