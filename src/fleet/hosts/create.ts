import { hasCode } from '../../errors';
import type { NewRepository } from './host';
import type { HostRepository } from './repository';

/** How one host creates. */
interface Creation {
  /** Asks for it once. */
  post(wanted: NewRepository): Promise<HostRepository>;
  findByName(name: string): Promise<HostRepository | undefined>;
}

/**
 * A request to create that got no answer may have been carried out. So we look before we ask again: one of this name
 * with this description, which has the marker in it, is the one that we asked for.
 */
export async function createOnce(
  { post, findByName }: Creation,
  wanted: NewRepository,
): Promise<HostRepository> {
  try {
    return await post(wanted);
  } catch (error) {
    if (!hasCode(error, ['fleet-host-unreachable', 'fleet-host-failed'])) throw error;
    const found = await findByName(wanted.name);
    if (found === undefined) return await post(wanted);
    const isOurs = wanted.description !== '' && found.description === wanted.description;
    if (isOurs && found.isPrivate) return found;
    throw error;
  }
}
