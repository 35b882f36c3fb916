import type { Clone } from '../objects/clone';
import { openScratch, type Scratch } from '../objects/scratch';
import { openRemote, type Remote } from '../remote/remote';
import type { RemoteSettings } from '../remote/settings';
import type { Context } from '../system/context';

/** Where a mirror comes from: its source, and the repository on this machine through which everything passes. */
export interface Origin extends AsyncDisposable {
  readonly scratch: Scratch;
  /** The source, for one attempt. It fetches into `scratch.store`. Throws MirrorError. */
  openSource(): Promise<Remote>;
}

/** Opens the origin of one mirror alone. Throws MirrorError. */
export async function openOrigin(
  clone: Clone | undefined,
  source: RemoteSettings,
  context: Context,
): Promise<Origin> {
  const scratch = await openScratch(clone, context);
  return {
    scratch,
    openSource: () => openRemote(source, 'source', { directory: scratch.git.directory, context }),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
