import type { RefListing } from '../git/listing';
import type { Clone } from '../objects/clone';
import { openBorrower, openScratch, type Scratch } from '../objects/scratch';
import { openRemote, type Remote } from '../remote/remote';
import type { RemoteSettings } from '../remote/settings';
import type { Context } from '../system/context';
import { untilAborted } from '../system/untilAborted';
import type { openOrigin } from './origin';

/** One source for several mirrors. Dispose of it when all of them have ended. */
export interface SharedOrigin {
  /** For one mirror: opens its origin. */
  toOpener(): typeof openOrigin;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What the mirrors share. */
interface Base extends AsyncDisposable {
  readonly store: Scratch;
  readonly source: Remote;
  /** What the source listed first. It is asked when the first mirror wants it. */
  readonly listing: () => Promise<RefListing>;
}

/**
 * Lets several mirrors share a source: it is listed once for their first looks, and what any of them lacks is fetched
 * once. Whatever a mirror asks for after its first look, such as in another attempt, is asked of the source anew: an
 * old listing could take back what another run has mirrored. Each pushes from a repository of its own.
 */
export function shareOrigin(context: Context): SharedOrigin {
  // With the clone, and without it if it turns out to be broken.
  const bases = new Map<boolean, Promise<Base>>();
  function findBase(clone: Clone | undefined, source: RemoteSettings): Promise<Base> {
    const isWith = clone !== undefined;
    const base = bases.get(isWith) ?? openBase(clone, source, context);
    bases.set(isWith, base);
    return base;
  }
  return {
    toOpener() {
      let hasListed = false;
      return async (clone, settings, own) => {
        const { store, source, listing } = await findBase(clone, settings);
        const scratch = await openBorrower(store, own);
        async function refs(signal: AbortSignal = own.signal): Promise<RefListing> {
          if (hasListed) return await source.refs(signal);
          hasListed = true;
          return await untilAborted(listing(), signal);
        }
        return {
          scratch,
          openSource: async () => ({ ...source, refs, [Symbol.asyncDispose]: async () => undefined }),
          [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
        };
      };
    },
    async [Symbol.asyncDispose]() {
      const opened = await Promise.allSettled(bases.values());
      for (const base of opened) if (base.status === 'fulfilled') await base.value[Symbol.asyncDispose]();
    },
  };
}

async function openBase(clone: Clone | undefined, settings: RemoteSettings, context: Context): Promise<Base> {
  const store = await openScratch(clone, context);
  try {
    const source = await openRemote(settings, 'source', { directory: store.git.directory, context });
    const ending = new AbortController();
    let listed: Promise<RefListing> | undefined;
    return {
      store,
      source,
      listing() {
        listed ??= source.refs(ending.signal);
        return listed;
      },
      async [Symbol.asyncDispose]() {
        ending.abort();
        await listed?.catch(() => undefined);
        await source[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}
