import { type ErrorCode, hasCode } from '../errors';
import type { Git } from '../git/git';
import type { RefListing } from '../git/lsRemote';
import { probePush } from '../push/probe';
import type { Destination } from '../remote/destination';
import { look, type Point, toFailed, toOk, toUnreached } from './point';

/** Failures in which the host was not who it should be, and those that say that it was, and let us in. */
const hostCodes: readonly ErrorCode[] = ['host-key-contradicted', 'certificate-refused'];
const afterLogin: readonly ErrorCode[] = ['destination-not-found'];

export interface DestinationPoints {
  readonly points: readonly Point[];
  /** Undefined when it can't be read. */
  readonly listing: RefListing | undefined;
}

/** Connects, reads, and asks to push; changes nothing over there. `git` is that of the scratch repository. */
export async function checkDestination(destination: Destination, git: Git): Promise<DestinationPoints> {
  const listed = await look(() => destination.refs());
  if ('failure' in listed) {
    const { failure } = listed;
    const after = toUnreached(['right to read', 'right to push']);
    if (hasCode(failure, hostCodes))
      return {
        points: [toFailed('host key', failure), ...toUnreached(['connection']), ...after],
        listing: undefined,
      };
    const points = hasCode(failure, afterLogin)
      ? [isOpen, toFailed('right to read', failure), ...toUnreached(['right to push'])]
      : [toFailed('connection', failure), ...after];
    return { points, listing: undefined };
  }
  const { refs } = listed.value;
  const read = toOk('right to read', `${refs.size} ${refs.size === 1 ? 'ref' : 'refs'} over there`);
  return { points: [isOpen, read, await checkPush(destination, git)], listing: listed.value };
}

const isOpen = toOk('connection', 'the host is who it should be, and lets us in');

async function checkPush(destination: Destination, git: Git): Promise<Point> {
  const looked = await look(() => probePush(destination, git));
  if ('failure' in looked) return toFailed('right to push', looked.failure);
  return toOk('right to push', 'a dry-run push was let in');
}
