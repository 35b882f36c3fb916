import type { Git } from '../git/git';
import type { RefListing } from '../git/listing';
import { readGitVersion } from '../git/version';
import { noClone } from '../mirror/errors';
import type { MirrorParts } from '../mirror/look';
import { findClone } from '../objects/clone';
import { openScratch } from '../objects/scratch';
import { isKeyless } from '../pipe/identity';
import type { Settings } from '../pipe/settings';
import { openRemote } from '../remote/remote';
import type { RemoteSettings } from '../remote/settings';
import type { RefOutcome } from '../report/outcome';
import type { Context } from '../system/context';
import { checkDestination } from './destinationPoints';
import { checkPlan, type PlanPoints } from './planPoints';
import { attempt, type Point, toFailed, toOk, toUnreached } from './point';
import { toSettingsPoints } from './settingsPoints';

/** The result: every point, each after those that it depends on, and what a run would do with each ref. */
export interface Checked {
  readonly points: readonly Point[];
  readonly outcomes: readonly RefOutcome[];
}

/** Checks whether a mirror with these settings would work, and whether both sides are equal. Changes nothing. */
export async function check(settings: Settings, context: Context): Promise<Checked> {
  const clone = await findClone(settings.clone);
  const job = { ...settings, source: settings.source ?? noSource };
  await using scratch = await openScratch(clone, context);
  const by = { directory: scratch.git.directory, context };
  await using source = await openRemote(job.source, 'source', by);
  await using destination = await openRemote(settings.destination, 'destination', by);
  const parts = { job, context, clone, scratch, source, destination };

  const [git, other, here, aws] = await Promise.all([
    checkGit(scratch.git),
    checkDestination(destination),
    readSource(parts, settings),
    readAws(settings, context),
  ]);
  const { points, outcomes } = await comparePlan(parts, here.listing, other.listing);
  const there = [...toSettingsPoints(settings.destination), git, ...other.points];
  const found = [...there, here.point, ...points, ...aws];
  return { points: withoutRepeats(found), outcomes };
}

/** Stands in for a missing source, so that the destination can still be checked. It is never read. */
const noSource: RemoteSettings = { url: 'file:///', name: '', login: { kind: 'none' } };

/** A host key that is refused in the handshake replaces the point made from the settings. */
function withoutRepeats(points: readonly Point[]): Point[] {
  const last = new Map(points.map((point) => [point.name, point]));
  return [...last.values()];
}

async function checkGit(git: Git): Promise<Point> {
  const result = await attempt(() => readGitVersion(git));
  return 'failure' in result ? toFailed('git', result.failure) : toOk('git', `version ${result.value}`);
}

async function readSource({ source, clone }: MirrorParts, settings: Settings) {
  const result = await attempt(async () => {
    if (settings.source === undefined) throw noClone(settings.clone);
    return await source.refs();
  });
  if ('failure' in result) return { point: toFailed('source', result.failure), listing: undefined };
  const cache = clone === undefined ? '' : `; objects are taken from the clone in ${settings.clone}`;
  const listing: RefListing = result.value;
  return { point: toOk('source', `${listing.refs.size} refs at ${source.url}${cache}`), listing };
}

async function comparePlan(
  parts: MirrorParts,
  wanted: RefListing | undefined,
  present: RefListing | undefined,
): Promise<PlanPoints> {
  if (wanted === undefined || present === undefined)
    return { points: toUnreached(['differences', 'Git LFS', 'size limits']), outcomes: [] };
  return await checkPlan(parts, {
    source: wanted.refs,
    sourceHead: wanted.head,
    destination: present.refs,
    defaultBranch: present.head,
    policy: parts.job.policy,
    fallback: false,
  });
}

/** AWS's client is loaded only if it is needed. */
async function readAws(settings: Settings, { env, signal }: Context): Promise<Point[]> {
  if (settings.accessKey === undefined && !isKeyless(env)) return [];
  const { checkAws } = await import('./awsPoints');
  return await checkAws(env, settings, signal);
}
