import type { RefListing } from '../../git/listing';
import { openScratch } from '../../objects/scratch';
import { openRemote } from '../../remote/remote';
import type { Role } from '../../remote/settings';
import type { Context } from '../../system/context';
import { type End, toRemote } from './toJob';

/** Lists the branches and tags of a repository. Throws MirrorError. */
export async function readRefs(end: End, role: Role, context: Context): Promise<RefListing> {
  await using scratch = await openScratch(undefined, context);
  await using remote = await openRemote(toRemote(end), role, { directory: scratch.git.directory, context });
  return await remote.refs();
}
