import type { Remote } from '../remote/remote';

/**
 * Tests the permission to push and changes nothing: it opens git-receive-pack, for which CodeCommit requires GitPush,
 * reads its refs, and ends before it sends anything. Throws MirrorError.
 */
export async function probePush(destination: Remote): Promise<void> {
  await destination.refsToPush();
}
