import type { Remote } from '../remote/remote';
import { parsePorcelain } from './porcelain';

const probe = 'refs/tags/codecommit-mirror-check';

/**
 * Asks to push, and changes nothing: a dry-run push opens git-receive-pack, for which CodeCommit asks for GitPush,
 * reads its refs, and ends before it sends anything. It is of a tag on an object of our own, so that it needs nothing
 * of either side. Throws MirrorError.
 */
export async function probePush(destination: Remote): Promise<void> {
  const oid = (
    await destination.git.read(['hash-object', '-w', '--stdin'], { input: 'a dry-run push' })
  ).trim();
  const update = { action: 'create', ref: probe, old: undefined, new: oid } as const;
  const options = ['--dry-run', '--porcelain', '--no-verify'];
  const { stdout, stderr } = await destination.push(options, [update], () => undefined);
  // Whatever git makes of the tag, it was told so by a server that takes pushes.
  if (!parsePorcelain(stdout).some(({ ref }) => ref === probe))
    throw destination.describeFailure('push', stderr);
}
