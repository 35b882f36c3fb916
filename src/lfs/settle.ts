import type { MirrorError } from '../errors';
import type { Settings } from '../pipe/settings';
import { lfsFound } from '../push/errors';
import type { Destination } from '../remote/destination';
import type { Source } from '../remote/source';
import type { Log } from '../report/log';
import { toSize } from '../report/size';
import type { LfsUse } from './search';

/** What the history that was to be sent has of Git LFS, and what became of it. */
export interface LfsOutcome {
  /** Each counts once, however many files stand for it. 0 where attributes alone tell of Git LFS. */
  readonly objects: number;
  readonly bytes: number;
  /** The first files that stand for them. */
  readonly paths: readonly string[];
  /** The objects are at the destination. */
  readonly sent: boolean;
}

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

/** `3 objects of Git LFS (1.2 MiB: "a.bin", "b.bin", …)` */
export function toLfsText({ objects, bytes, paths }: LfsOutcome): string {
  const count = `${objects} ${objects === 1 ? 'object' : 'objects'} of Git LFS`;
  const names = paths.map((path) => JSON.stringify(path)).join(', ');
  return `${count} (${toSize(bytes)}: ${names}${objects > paths.length ? ', …' : ''})`;
}

/** Of two attempts, the one that had more to send: what the other found is among it. */
export function toGreaterLfs(
  first: LfsOutcome | undefined,
  second: LfsOutcome | undefined,
): LfsOutcome | undefined {
  if (first === undefined || second === undefined) return second ?? first;
  return first.objects > second.objects ? first : second;
}
