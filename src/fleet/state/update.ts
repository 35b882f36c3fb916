import type { FleetStore, RepositoryChange, RepositoryKey } from './store';

/** Updates that are under way, by the repository. */
const busy = new WeakMap<object, Map<string, Promise<void>>>();

/**
 * Reads the state of one repository and writes what `change` makes of it. One update of a repository begins when the one
 * before is saved: what two of them change at the same time is never lost. Throws as `write` does.
 */
export async function updateRepository(
  store: Pick<FleetStore, 'readRepository' | 'write' | 'update'>,
  { mirror, identity }: RepositoryKey,
  change: RepositoryChange,
): Promise<void> {
  if (store.update !== undefined) return await store.update({ mirror, identity }, change);
  const chains = busy.get(store) ?? new Map<string, Promise<void>>();
  busy.set(store, chains);
  const key = `${mirror} ${identity}`;
  const update = async () => await store.write(change(await store.readRepository(mirror, identity)));
  const done = (chains.get(key) ?? Promise.resolve()).then(update);
  const settled = done.catch(() => undefined);
  chains.set(key, settled);
  try {
    await done;
  } finally {
    if (chains.get(key) === settled) chains.delete(key);
  }
}
