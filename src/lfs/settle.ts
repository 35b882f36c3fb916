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

/** What was done about Git LFS. */
export interface LfsSettled {
  readonly lfs?: LfsOutcome;
  /** Set if no ref may be pushed. */
  readonly failure?: MirrorError;
}

export interface LfsNeeds {
  readonly source: Remote;
  readonly destination: Remote;
  /** The repository that the source fetches into. */
  readonly store: {
    readonly git: Git;
    /** Waits until nobody else fetches into it. */
    alone<T>(work: () => Promise<T>): Promise<T>;
  };
  readonly log: Log;
}

/**
 * Applies the policy to Git LFS objects before the first ref is pushed, so that no ref at the destination names a file
 * that should have been sent and was not. With `dryRun` nothing is sent.
 */
export async function settleLfs(
  { pointers, paths }: LfsUse,
  policy: { readonly lfs: 'warn' | 'push' | 'fail'; readonly dryRun: boolean },
  { source, destination, store, log }: LfsNeeds,
): Promise<LfsSettled> {
  const bytes = pointers.reduce((sum, pointer) => sum + pointer.bytes, 0);
  const found: LfsOutcome = { objects: pointers.length, bytes, paths, sent: false };
  if (found.objects === 0 || policy.lfs === 'warn') return { lfs: found };
  if (policy.lfs === 'fail') return { lfs: found, failure: lfsFound(toLfsText(found)) };
  if (policy.dryRun) return { lfs: found };
  log.info(`Sending ${toLfsText(found)}, ahead of the refs.`);
  const failure =
    (await store.alone(() => fetchLfsObjects(pointers, source, store.git))) ??
    (await pushLfsObjects(pointers, destination));
  return failure === undefined ? { lfs: { ...found, sent: true } } : { lfs: found, failure };
}
