import type { MirrorError } from '../../errors';
import { toMirrorError } from '../../system/errors';
import type { HostRepository } from '../hosts/repository';
import type { Fleet } from '../run/fleet';
import { toHint } from '../run/listedState';
import { updateRepository } from '../state/update';

/** Whether the last plan has a decision for this repository, also that it is left out. */
export type IsPlanned = (mirror: string, identity: string) => boolean;

/** Polls every source. One that fails is told of and holds no other one up. Gives whether one has an unknown repository. */
export async function pollAll(
  fleet: Fleet,
  isPlanned: IsPlanned,
  tell: (mirror: string, error: MirrorError) => void,
): Promise<boolean> {
  for (const { name } of fleet.configuration.mirrors) {
    try {
      if (await pollMirror(fleet, name, isPlanned)) return true;
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
async function pollMirror(fleet: Fleet, mirror: string, isPlanned: IsPlanned): Promise<boolean> {
  const { source } = fleet.hostsOf({ name: mirror });
  for await (const page of source.list({ newestFirst: true })) {
    await Promise.all(page.map((repository) => note(fleet, mirror, repository)));
    return page.some(({ identity }) => !isPlanned(mirror, identity));
  }
  return false;
}

async function note({ store }: Fleet, mirror: string, repository: HostRepository): Promise<void> {
  const { identity } = repository;
  const hint = toHint(repository);
  const state = await store.readRepository(mirror, identity);
  if (state === undefined || hint === undefined || state.hint === hint) return;
  await updateRepository(store, { mirror, identity }, (known) =>
    known === undefined ? [] : [{ kind: 'repository', state: { ...known, hint, dueAt: 0 } }],
  );
}
