import { toPath } from '../../configuration/patterns';
import type { Fleet } from '../../run/fleet';
import { openJob } from '../../run/openJob';
import { type IsPlanned, pollAll } from '../../service/poll';
import type { RepositoryState } from '../../state/repositoryState';
import { type Place, toDigest } from '../resources/message';
import type { Catalogue, Opening, SourceProblem } from './catalogue';
import { type Plan, type Plans, toOpenable } from './plans';
import { listingMilliseconds } from './refresh';
import { replan } from './replan';

export interface FleetCatalogueParts {
  readonly fleet: Fleet;
  readonly plans: Plans;
  /** Bytes that one push may carry; more goes in slices. */
  readonly pushBytes: number;
  /** Makes that each secret is read again. */
  readonly forgetSecrets: () => void;
  readonly now: () => number;
}

/** What a mirrors.yaml says is to be mirrored, by the same plan as everywhere else. */
export function openFleetCatalogue(parts: FleetCatalogueParts): Catalogue {
  const { fleet } = parts;
  return {
    mirrors: fleet.configuration.mirrors.map(({ name }) => name),
    async refresh(isWhole) {
      const problems: SourceProblem[] = [];
      const tell = (mirror: string, error: SourceProblem['error']) => problems.push({ mirror, error });
      const hasUnknown = async () => await pollAll(fleet, await toPlanned(parts), tell);
      if (isWhole || (await isStale(parts)) || (await hasUnknown())) return await replan(parts);
      return problems;
    },
    async isGone({ mirror, identity }) {
      return (await fleet.hostsOf({ name: mirror }).source.find(identity)) === undefined;
    },
    open: (place, how) => open(place, how, parts),
  };
}

/** Whether a listing is to be made again, by its age or because it failed. */
async function isStale({ fleet, now }: FleetCatalogueParts): Promise<boolean> {
  const { mirrors } = fleet.configuration;
  const states = await Promise.all(mirrors.map(({ name }) => fleet.store.readMirror(name)));
  return states.some(
    (state) => isFailure(state?.problem?.code) || now() - (state?.listedAt ?? 0) >= listingMilliseconds,
  );
}

/** What a listing that is too short has, is planned as always; another one at once would be as short. */
function isFailure(code: string | undefined): boolean {
  return code !== undefined && code !== 'fleet-listing-shrunken';
}

/** Whether a repository has a plan, also one that leaves it out. */
async function toPlanned({ fleet, plans }: FleetCatalogueParts): Promise<IsPlanned> {
  const { mirrors } = fleet.configuration;
  const planned = new Map(
    await Promise.all(mirrors.map(async ({ name }) => [name, await plans.list(name)] as const)),
  );
  return (mirror, identity) => planned.get(mirror)?.has(identity) === true;
}

async function open(
  place: Place,
  { known, fresh }: Parameters<Catalogue['open']>[1],
  { fleet, plans, pushBytes, forgetSecrets }: FleetCatalogueParts,
): Promise<Opening> {
  if (fresh) forgetSecrets();
  const mirror = fleet.configuration.mirrors.find(({ name }) => name === place.mirror);
  if (mirror === undefined) return { kind: 'frozen' };
  const plan = await plans.find(place);
  if (plan === undefined) return { kind: 'unlisted' };
  const planned = toOpenable(place, plan);
  if (planned === undefined) return toIdle(plan, known);
  const { job, source, destination } = await openJob(fleet, planned);
  return {
    kind: 'job',
    job: { ...job, limits: { ...job.limits, pushBytes } },
    bytes: source.bytes,
    logins: toDigest([JSON.stringify([job.source.login, job.destination.login])]),
    found: {
      path: toPath(source),
      destination: planned.destination,
      destinationIdentity: destination.identity,
    },
  };
}

function toIdle({ decision: { action } }: Plan, known: RepositoryState | undefined): Opening {
  if (action === 'gone') return { kind: 'gone' };
  if (action === 'conflict' && known?.problem !== undefined)
    return { kind: 'blocked', problem: known.problem };
  return { kind: 'frozen' };
}
