import type { HostRepository } from '../hosts/repository';

/** When the host says that the repository changed last; undefined on hosts that do not say. */
export function toHint({ changedAt }: HostRepository): string | undefined {
  return changedAt?.toISOString();
}
