import type { Remote } from '../remote/remote';
import { parsePorcelain } from './porcelain';

const probe = 'refs/tags/codecommit-mirror-check';

/**
 * Tests the permission to push and changes nothing. A dry-run push opens git-receive-pack, for which CodeCommit
 * requires GitPush, reads its refs, and ends before it sends anything. It uses a tag on an object that is created here,
 * so it needs nothing from either side. Throws MirrorError.
 */
export async function probePush(destination: Remote): Promise<void> {
  const oid = (
    await destination.git.read(['hash-object', '-w', '--stdin'], { input: 'a dry-run push' })
  ).trim();
  const update = { action: 'create', ref: probe, old: undefined, new: oid } as const;
  const options = ['--dry-run', '--porcelain', '--no-verify'];
  const { stdout, stderr } = await destination.push(options, [update], () => undefined);
  // git has an answer for the tag only if the server accepts pushes.
  if (!parsePorcelain(stdout).some(({ ref }) => ref === probe))
    throw destination.describeFailure('push', stderr);
}
