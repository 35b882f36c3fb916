import type { MirrorError } from '../errors';
import { parseFailure } from '../git/failures';
import { connectionDropped } from '../remote/destinationErrors';
import type { Remote } from '../remote/remote';
import { lfsNotSent } from './errors';
import type { LfsObject } from './pointer';
import { isLfsFailurePassing, runLfs, toLfsWords } from './run';

/** Object IDs stand on the command line, which has a limit: git-lfs before 3.4 reads them from nowhere else. */
const objectsAtOnce = 1_000;

/** Our ssh has one connection already. */
const settings = ['lfs.ssh.autoMultiplex=false'];

/** Sends objects of Git LFS; those that the destination has are not sent again. Gives why it has not got them all. */
export async function pushLfsObjects(
  objects: readonly LfsObject[],
  { url, git, describeFailure }: Remote,
): Promise<MirrorError | undefined> {
  function describe(stderr: string): MirrorError {
    if (isKnown(stderr)) return describeFailure('lfs', stderr);
    const words = toLfsWords(stderr);
    return isLfsFailurePassing(stderr) ? connectionDropped(url, words) : lfsNotSent(url, words);
  }
  for (let index = 0; index < objects.length; index += objectsAtOnce) {
    const some = objects.slice(index, index + objectsAtOnce);
    const args = ['push', '--object-id', url, ...some.map(({ oid }) => oid)];
    const { exitCode, stderr } = await runLfs(git, url, args, { settings });
    if (exitCode === 0) continue;
    return describe(stderr);
  }
  return undefined;
}

/** A failure of the connection or of the disk is that of any push. */
function isKnown(stderr: string): boolean {
  return ['unreachable', 'dropped', 'timed-out', 'disk-full'].includes(parseFailure(stderr));
}
