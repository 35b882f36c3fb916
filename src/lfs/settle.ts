import type { MirrorError } from '../errors';
import type { Settings } from '../pipe/settings';
import type { Destination } from '../remote/destination';
import type { Source } from '../remote/source';
import { toLfsText } from '../report/lfs';
import type { LfsOutcome } from '../report/outcome';
import type { Log } from '../system/context';
import { lfsFound } from './errors';
import type { LfsUse } from './search';

export interface LfsSettled {
  readonly lfs?: LfsOutcome;
  /** Why no ref may be pushed. */
  readonly failure?: MirrorError;
}

/**
 * Does with Git LFS what the variable LFS says, before the first ref is pushed: a ref never points at files that
 * should have been sent and were not. With `dryRun` nothing is sent.
 */
export async function settleLfs(
  { pointers, paths }: LfsUse,
  { lfs: wanted, dryRun }: Pick<Settings, 'lfs' | 'dryRun'>,
  { source, destination, log }: { source: Source; destination: Destination; log: Log },
): Promise<LfsSettled> {
  let [objects, bytes] = [0, 0];
  for (const pointer of pointers) {
    objects++;
    bytes += pointer.bytes;
  }
  const found: LfsOutcome = { objects, bytes, paths, sent: false };
  if (objects === 0 || wanted === 'warn') return { lfs: found };
  if (wanted === 'fail') return { lfs: found, failure: lfsFound(toLfsText(found)) };
  if (dryRun) return { lfs: found };
  log.info(`Sending ${toLfsText(found)}, ahead of the refs.`);
  const failure = (await source.fetchLfs(pointers)) ?? (await destination.pushLfs(pointers));
  return failure === undefined ? { lfs: { ...found, sent: true } } : { lfs: found, failure };
}
