import type { MirrorError } from '../errors';
import { parseFailure } from '../git/failures';
import { connectionDropped } from '../remote/destinationErrors';
import type { Remote } from '../remote/remote';
import { lfsNotSent } from './errors';
import type { LfsObject } from './pointer';
import { isLfsFailurePassing, runLfs, toLfsWords } from './run';

/** Object IDs are passed as arguments, which have a limit; git-lfs reads them from standard input only since 3.4. */
const objectsAtOnce = 1_000;

/** Our ssh already shares one connection. */
const settings = ['lfs.ssh.autoMultiplex=false'];

/** Sends Git LFS objects, except those the destination already has. Returns the error if not all were sent. */
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

/** Failures that any push can have: connection, disk. */
function isKnown(stderr: string): boolean {
  return ['unreachable', 'dropped', 'timed-out', 'disk-full'].includes(parseFailure(stderr));
}
