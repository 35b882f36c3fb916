import { RepositoryQueue } from '../schedule/queue';
import type { Fleet } from './fleet';
import type { Runnable } from './prepareDestination';

/** A repository in the queue. */
export interface QueuedRepository {
  readonly key: string;
  readonly mirror: string;
  readonly hosts: readonly string[];
  readonly planned: Runnable;
}

export function toQueued(fleet: Fleet, planned: Runnable): QueuedRepository {
  const { mirror, identity } = planned;
  return { key: `${mirror} ${identity}`, mirror, hosts: fleet.hostKeysOf(mirror), planned };
}

/**
 * Does `work` once for each of these repositories, several at once, within the limits of the configuration. When the run is
 * stopped, nothing more is begun. Rejects with the first error of `work`, when what is under way has ended.
 */
export async function runQueued(
  fleet: Fleet,
  repositories: readonly Runnable[],
  work: (planned: Runnable) => Promise<void>,
): Promise<void> {
  const { concurrency, concurrencyPerHost } = fleet.configuration;
  const { signal } = fleet.context;
  const errors: unknown[] = [];
  const queue = new RepositoryQueue<QueuedRepository>({
    concurrency,
    limitOf: () => concurrencyPerHost,
    run: ({ planned }) => work(planned),
    crashed: (error) => void errors.push(error),
  });
  const stop = () => void queue.stop();
  signal.addEventListener('abort', stop, { once: true });
  if (!signal.aborted) for (const planned of repositories) queue.add(toQueued(fleet, planned), 'asked');
  await queue.idle();
  signal.removeEventListener('abort', stop);
  if (errors.length > 0) throw errors[0];
}
