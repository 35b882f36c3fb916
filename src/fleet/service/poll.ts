import type { MirrorError } from '../../errors';
import { toMirrorError } from '../../system/errors';
import type { HostRepository } from '../hosts/repository';
import type { Fleet } from '../run/fleet';
import { updateRepository } from '../state/update';
import { toHint } from './hint';

/** Polls every source. One that fails is told of and holds no other one up. Gives whether one has an unknown repository. */
export async function pollAll(
  fleet: Fleet,
  tell: (mirror: string, error: MirrorError) => void,
): Promise<boolean> {
  for (const { name } of fleet.configuration.mirrors) {
    try {
      if (await pollMirror(fleet, name)) return true;
    } catch (error) {
      if (fleet.context.signal.aborted) throw error;
      tell(name, toMirrorError(error));
    }
  }
  return false;
}

/**
 * Reads the newest entries of one source: what has changed since they were last seen is due at once. Gives whether there
 * is a repository that no plan knows. Throws MirrorError.
 */
async function pollMirror(fleet: Fleet, mirror: string): Promise<boolean> {
  const { source } = fleet.hostsOf({ name: mirror });
  for await (const page of source.list({ newestFirst: true })) {
    const unknown = await Promise.all(page.map((repository) => isUnknown(fleet, mirror, repository)));
    return unknown.includes(true);
  }
  return false;
}

async function isUnknown({ store }: Fleet, mirror: string, repository: HostRepository): Promise<boolean> {
  const { identity } = repository;
  const hint = toHint(repository);
  const state = await store.readRepository(mirror, identity);
  if (state === undefined) return true;
  if (hint === undefined || state.hint === hint) return false;
  await updateRepository(store, { mirror, identity }, (known) =>
    known === undefined ? [] : [{ kind: 'repository', state: { ...known, hint, dueAt: 0 } }],
  );
  return false;
}
