import type { MirrorError } from '../errors';
import type { Git } from '../git/git';
import type { Remote } from '../remote/remote';
import { toLfsText } from '../report/lfs';
import type { LfsOutcome } from '../report/outcome';
import type { Log } from '../system/context';
import { lfsFound } from './errors';
import { fetchLfsObjects } from './fetch';
import { pushLfsObjects } from './push';
import type { LfsUse } from './search';

/** How Git LFS was dealt with. */
export interface LfsSettled {
  readonly lfs?: LfsOutcome;
  /** Why no ref may be pushed. */
  readonly failure?: MirrorError;
}

/** `git` is that of the scratch repository, which both remotes share. */
export interface LfsNeeds {
  readonly source: Remote;
  readonly destination: Remote;
  readonly git: Git;
  readonly log: Log;
}

/**
 * Does with Git LFS what the policy says, before the first ref is pushed: a ref never points at files that should
 * have been sent and were not. With `dryRun` nothing is sent.
 */
export async function settleLfs(
  { pointers, paths }: LfsUse,
  policy: { readonly lfs: 'warn' | 'push' | 'fail'; readonly dryRun: boolean },
  { source, destination, git, log }: LfsNeeds,
): Promise<LfsSettled> {
  const bytes = pointers.reduce((sum, pointer) => sum + pointer.bytes, 0);
  const found: LfsOutcome = { objects: pointers.length, bytes, paths, sent: false };
  if (found.objects === 0 || policy.lfs === 'warn') return { lfs: found };
  if (policy.lfs === 'fail') return { lfs: found, failure: lfsFound(toLfsText(found)) };
  if (policy.dryRun) return { lfs: found };
  log.info(`Sending ${toLfsText(found)}, ahead of the refs.`);
  const failure =
    (await fetchLfsObjects(pointers, source, git)) ?? (await pushLfsObjects(pointers, destination));
  return failure === undefined ? { lfs: { ...found, sent: true } } : { lfs: found, failure };
}
