import { type ErrorCode, hasCode } from '../errors';
import type { RefListing } from '../git/listing';
import { probePush } from '../push/probe';
import type { Remote } from '../remote/remote';
import { attempt, type Point, toFailed, toOk, toUnreached } from './point';

/** Failures to verify the host, and failures after the login. */
const hostCodes: readonly ErrorCode[] = ['host-key-contradicted', 'certificate-refused'];
const afterLogin: readonly ErrorCode[] = ['destination-not-found'];

export interface DestinationPoints {
  readonly points: readonly Point[];
  /** Undefined if it can't be listed. */
  readonly listing: RefListing | undefined;
}

/** Connects, lists, and tests the permission to push. Changes nothing at the destination. */
export async function checkDestination(destination: Remote): Promise<DestinationPoints> {
  const listed = await attempt(() => destination.refs());
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
  const read = toOk('right to read', `${refs.size} ${refs.size === 1 ? 'ref' : 'refs'} at the destination`);
  return { points: [isOpen, read, await checkPush(destination)], listing: listed.value };
}

const isOpen = toOk('connection', 'the host is verified and accepts the login');

async function checkPush(destination: Remote): Promise<Point> {
  const result = await attempt(() => probePush(destination));
  if ('failure' in result) return toFailed('right to push', result.failure);
  return toOk('right to push', 'a dry-run push was accepted');
}
