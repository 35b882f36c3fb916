import { hasCode, type MirrorError } from '../errors';
import type { Git } from '../git/git';
import type { RefListing } from '../git/listing';
import { readGitVersion } from '../git/version';
import { noClone } from '../mirror/errors';
import type { MirrorParts } from '../mirror/look';
import { openOrigin } from '../mirror/origin';
import { findClone } from '../objects/clone';
import { isKeyless } from '../pipe/identity';
import type { DestinationSettings, Settings } from '../pipe/settings';
import { probePush } from '../push/probe';
import { openRemote, type Remote } from '../remote/remote';
import type { RemoteSettings } from '../remote/settings';
import type { RefOutcome } from '../report/outcome';
import type { Context } from '../system/context';
import { checkPlan, type PlanPoints } from './planPoints';
import { attempt, type Point, toFailed, toOk, toUnreached } from './point';
import { toSettingsPoints } from './settingsPoints';

/** The result: every point, each after those that it depends on, and what a run would do with each ref. */
export interface Checked {
  readonly points: readonly Point[];
  readonly outcomes: readonly RefOutcome[];
}

/**
 * Checks whether a mirror to one of the destinations would work, and whether both sides are equal. Changes nothing.
 * `open` is another one where checks share a source.
 */
export async function check(
  settings: Settings,
  own: DestinationSettings,
  context: Context,
  open = openOrigin,
): Promise<Checked> {
  const clone = await findClone(settings.clone);
  const job = { ...settings, ...own, source: settings.source ?? noSource };
  await using origin = await open(clone, job.source, context);
  const { scratch } = origin;
  await using source = await origin.openSource();
  const here = { directory: scratch.git.directory, context };
  await using destination = await openRemote(job.destination, 'destination', here);
  const parts = { job, context, clone, scratch, source, destination };

  const [git, there, listed, aws] = await Promise.all([
    checkGit(scratch.git),
    checkDestination(destination),
    readSource(parts, settings),
    readAws(settings, own, context),
  ]);
  const { points, outcomes } = await comparePlan(parts, listed.listing, there.listing);
  const before = [...toSettingsPoints(job.destination), git, ...there.points, listed.point];
  return { points: withoutRepeats([...before, ...points, ...aws]), outcomes };
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

/** Connects, lists, and tests the permission to push. `listing` is undefined if it can't be listed. */
async function checkDestination(destination: Remote) {
  const listed = await attempt(() => destination.refs());
  if ('failure' in listed) return { points: toUnlisted(listed.failure), listing: undefined };
  const { refs } = listed.value;
  const read = toOk('right to read', `${refs.size} ${refs.size === 1 ? 'ref' : 'refs'} at the destination`);
  return { points: [isOpen, read, await checkPush(destination)], listing: listed.value };
}

function toUnlisted(failure: MirrorError): Point[] {
  const after = toUnreached(['right to read', 'right to push']);
  if (hasCode(failure, ['host-key-contradicted', 'certificate-refused']))
    return [toFailed('host key', failure), ...toUnreached(['connection']), ...after];
  if (hasCode(failure, ['destination-not-found']))
    return [isOpen, toFailed('right to read', failure), ...toUnreached(['right to push'])];
  return [toFailed('connection', failure), ...after];
}

const isOpen = toOk('connection', 'the host is verified and accepts the login');

async function checkPush(destination: Remote): Promise<Point> {
  const result = await attempt(() => probePush(destination));
  if ('failure' in result) return toFailed('right to push', result.failure);
  return toOk('right to push', 'a dry-run push was accepted');
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
async function readAws(
  { accessKey }: Settings,
  own: DestinationSettings,
  { env, signal }: Context,
): Promise<Point[]> {
  if (accessKey === undefined && !isKeyless(env)) return [];
  const { checkAws } = await import('./awsPoints');
  return await checkAws(env, own, accessKey, signal);
}
