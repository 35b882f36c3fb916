import type { RefListing } from '../git/lsRemote';
import { noClone } from '../mirror/errors';
import type { Parts } from '../mirror/look';
import type { Home } from '../mirror/mirror';
import { type Clone, findClone } from '../objects/clone';
import { openScratch } from '../objects/scratch';
import { isKeyless } from '../pipe/identity';
import type { Settings } from '../pipe/settings';
import { openDestination } from '../remote/destination';
import { createSource } from '../remote/source';
import type { RefOutcome } from '../report/outcome';
import type { Context } from '../system/context';
import { checkDestination } from './destinationPoints';
import { checkPlan, type PlanPoints } from './planPoints';
import { look, type Point, toFailed, toOk, toUnreached } from './point';
import { toSettingsPoints } from './settingsPoints';

/** What was found: every point, in the order in which one needs the other, and what a run would make of each ref. */
export interface Checked {
  readonly points: readonly Point[];
  readonly outcomes: readonly RefOutcome[];
}

/** Looks whether a mirror with these settings would work, and whether there is anything to mirror. Changes nothing. */
export async function check(settings: Settings, context: Context, home: Home): Promise<Checked> {
  const clone = await findClone(settings.clone);
  // Without a source the destination can be looked at all the same; nothing is then read from this URL.
  const access = { ...settings.source, ...home, url: settings.source.url ?? 'file:///' };
  await using scratch = await openScratch(clone, access, context);
  const there = { git: scratch.git, directory: home.sshDirectory, context };
  await using destination = await openDestination(settings.destination, there);
  const source = createSource(access.url, scratch, context);
  const parts = { settings, context, clone, scratch, source, destination };

  const [other, here, aws] = await Promise.all([
    checkDestination(destination, scratch.git),
    readSource(parts, clone),
    readAws(settings, context),
  ]);
  const { points, outcomes } = await comparePlan(parts, here.listing, other.listing);
  const found = [...toSettingsPoints(settings.destination), ...other.points, here.point, ...points, ...aws];
  return { points: withoutRepeats(found), outcomes };
}

/** A host key that was told and then refused in the handshake is one point, not two. */
function withoutRepeats(points: readonly Point[]): Point[] {
  const last = new Map(points.map((point) => [point.name, point]));
  return [...last.values()];
}

async function readSource({ settings, source }: Parts, clone: Clone | undefined) {
  const looked = await look(async () => {
    if (settings.source.url === undefined) throw noClone(settings.clone);
    return await source.refs();
  });
  if ('failure' in looked) return { point: toFailed('source', looked.failure), listing: undefined };
  const cache = clone === undefined ? '' : `; objects come from the clone in ${settings.clone}`;
  const listing: RefListing = looked.value;
  return { point: toOk('source', `${listing.refs.size} refs at ${source.url}${cache}`), listing };
}

async function comparePlan(
  parts: Parts,
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
    policy: parts.settings.policy,
    fallback: false,
  });
}

/** AWS's client is loaded where there is something to ask it. */
async function readAws(settings: Settings, { env, signal }: Context): Promise<Point[]> {
  if (settings.accessKey === undefined && !isKeyless(env)) return [];
  const { checkAws } = await import('./awsPoints');
  return await checkAws(env, settings, signal);
}
