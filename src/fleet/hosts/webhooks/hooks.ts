import type { HostRepository } from '../repository';

/** Where a webhook is installed: for all repositories of the owner, or for one. */
export type HookPlace = 'owner' | HostRepository;

/** A webhook that leads to our URL. */
export interface InstalledHook {
  readonly id: string;
  readonly url: string;
  /** False where it was switched off, by a person or by the host after failures. */
  readonly isActive: boolean;
}

export interface WantedHook {
  /** Of our listener. By it our own webhooks are known; others are never touched. */
  readonly url: string;
  readonly secret: string;
}

/**
 * Webhooks of one owner. Errors are those of Host; `fleet-not-permitted` also where the host has no webhooks for such
 * an owner.
 */
export interface Hooks {
  /** Those that lead to `url`. */
  list(place: HookPlace, url: string): Promise<readonly InstalledHook[]>;
  /** Ensures one active webhook with this secret. Twice is once: a secret can't be read back, so it is set each time. */
  install(place: HookPlace, wanted: WantedHook): Promise<'created' | 'updated'>;
  /** Removes those that lead to `url`; gives how many they were. */
  remove(place: HookPlace, url: string): Promise<number>;
}

/** What a host's API can do with its webhooks, whosever they are. */
export interface HookCalls {
  list(place: HookPlace): Promise<readonly InstalledHook[]>;
  create(place: HookPlace, wanted: WantedHook): Promise<void>;
  update(place: HookPlace, hook: InstalledHook, wanted: WantedHook): Promise<void>;
  delete(place: HookPlace, hook: InstalledHook): Promise<void>;
}

/** `revives` is false where the host does not take up again what it has given up, however it is updated. */
export function createHooks(calls: HookCalls, { revives = true } = {}): Hooks {
  const list = async (place: HookPlace, url: string) =>
    (await calls.list(place)).filter((hook) => isSameUrl(hook.url, url));
  return {
    list,
    async install(place, wanted) {
      const present = await list(place, wanted.url);
      const kept = present.find(({ isActive }) => isActive || revives);
      if (kept === undefined) await calls.create(place, wanted);
      else await calls.update(place, kept, wanted);
      // In this order: at no time is there none.
      for (const hook of present) if (hook !== kept) await calls.delete(place, hook);
      return kept === undefined ? 'created' : 'updated';
    },
    async remove(place, url) {
      const present = await list(place, url);
      for (const hook of present) await calls.delete(place, hook);
      return present.length;
    },
  };
}

function isSameUrl(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return one === other;
  return new URL(one).href === new URL(other).href;
}

/** Reads all pages of a host's list of webhooks. */
export async function readAllHooks<C>(
  readPage: (cursor: C | undefined) => Promise<{ hooks: readonly InstalledHook[]; next: C | undefined }>,
): Promise<readonly InstalledHook[]> {
  const all: InstalledHook[] = [];
  let cursor: C | undefined;
  // 100 and 50 are the most that hosts allow; a list of pages that does not end is cut off.
  for (let page = 1; page <= 20; page++) {
    const { hooks, next } = await readPage(cursor);
    all.push(...hooks);
    if (next === undefined) break;
    cursor = next;
  }
  return all;
}
