import type { Job } from '../../mirror/job';
import type { HostRepository } from '../hosts/repository';
import { sourceChanged } from './errors';
import type { Fleet } from './fleet';
import { type Openable, prepareDestination } from './prepareDestination';
import { requireSource } from './requireSource';
import { toJob } from './toJob';

/** The job of a planned repository, and both of its sides as their hosts have them now. */
export interface OpenedJob {
  readonly job: Job;
  readonly source: HostRepository;
  readonly destination: HostRepository;
}

/** Looks at both sides, makes the destination where it is missing, and makes the job. Throws MirrorError. */
export async function openJob(fleet: Fleet, planned: Openable): Promise<OpenedJob> {
  const mirror = fleet.mirrorNamed(planned.mirror);
  const hosts = fleet.hostsOf(mirror);
  const source = await requireSource(hosts.source, planned);
  const destination = await prepareDestination(fleet, planned);
  const [from, to] = await Promise.all([hosts.source.login(), hosts.destination.login()]);
  const job = toJob(
    mirror,
    { url: source.url, name: planned.path, login: from },
    { url: destination.url, name: planned.destination, login: to },
  );
  // What git has read since is of whatever had the address then.
  const confirmSource = async () => {
    const { url } = await requireSource(hosts.source, planned);
    if (url !== source.url) throw sourceChanged(planned.path);
  };
  return { job: { ...job, confirmSource }, source, destination };
}
