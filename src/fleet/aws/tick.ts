import { matchesWildcards } from '../../plan/glob';
import type { Log } from '../../system/context';
import { toMirrorError } from '../../system/errors';
import { type RepositoryState, toNewState } from '../state/repositoryState';
import type { FleetStore, StateChange } from '../state/store';
import type { Catalogue, CataloguedMirror, ListedPlace } from './catalogue';
import { type Message, type Place, toDigest, toGroup } from './message';
import type { Metrics, Standing } from './metrics';
import type { Clock } from './mirrorPlace';
import type { Queue } from './queue';

export interface TickParts {
  readonly catalogue: Catalogue;
  readonly store: Pick<FleetStore, 'readRepositories' | 'readRepository' | 'readMirror' | 'write'>;
  readonly queue: Queue;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'standing'>;
}

/** A source is listed as a whole so often; between two of these, its newest page is read. */
const listingMilliseconds = 6 * 3_600_000;

/**
 * Puts every place into the queue that is due, new, changed by its host's word, or no longer listed, and says how each
 * mirror stands. Events are delivered by "best effort": what they left out is found here. With `only`, it lists that
 * mirror as a whole. A source that can't be listed holds up no other; its error is thrown at the end.
 */
export async function tick(parts: TickParts, only?: string): Promise<number> {
  const mirrors = parts.catalogue.mirrors.filter(({ name }) => only === undefined || name === only);
  let sent = 0;
  let failure: unknown;
  for (const mirror of mirrors) {
    const known = await parts.store.readRepositories(mirror.name);
    try {
      sent += await lookAtMirror(mirror, known, only !== undefined, parts);
    } catch (error) {
      failure ??= error;
      sent += await sendDue(mirror.name, known, parts);
      await keepProblem(mirror.name, error, parts);
    }
    parts.metrics.standing(mirror.name, toStanding(known, parts.clock.now()));
  }
  if (failure !== undefined) throw failure;
  return sent;
}

/** Puts every place into the queue whose path matches the pattern, whenever it was looked at last. */
export async function lookAll(pattern: string, parts: TickParts): Promise<number> {
  let sent = 0;
  for (const { name, list } of parts.catalogue.mirrors)
    for await (const page of list()) {
      const meant = page.filter(({ place }) => matchesWildcards(pattern, place.path) || name === pattern);
      sent += await sendPlaces(
        meant.map(({ place }) => place),
        'asked',
        parts,
      );
    }
  return sent;
}

async function lookAtMirror(
  mirror: CataloguedMirror,
  known: readonly RepositoryState[],
  wantsAll: boolean,
  parts: TickParts,
): Promise<number> {
  const before = await parts.store.readMirror(mirror.name);
  const now = parts.clock.now();
  const isWhole = wantsAll || now - (before?.listedAt ?? 0) >= listingMilliseconds;
  const listed = isWhole ? await readAll(mirror) : await readNewest(mirror);
  const byIdentity = new Map(known.map((state) => [state.identity, state]));
  await parts.store.write(toSeen(listed, byIdentity, now));
  const moved = listed.filter((each) => isMoved(each, byIdentity.get(each.place.identity)));
  const due = new Map(
    known.filter((state) => isDue(state, now)).map((state) => [state.identity, toPlace(state)]),
  );
  for (const { place } of moved) due.set(place.identity, place);
  if (isWhole && isPlausible(before?.listed, listed.length))
    for (const state of findMissing(known, listed)) due.set(state.identity, toPlace(state));
  const sent = await sendPlaces([...due.values()], 'due', parts);
  const state = { mirror: mirror.name, listedAt: now, listed: listed.length };
  if (isWhole) await parts.store.write([{ kind: 'mirror', state }]);
  return sent;
}

/** A listing that lost more than five and more than a tenth lost a permission, rather than so many repositories. */
function isPlausible(before: number | undefined, now: number): boolean {
  return before === undefined || before - now <= Math.max(5, before / 10);
}

async function readAll(mirror: CataloguedMirror): Promise<readonly ListedPlace[]> {
  const listed: ListedPlace[] = [];
  for await (const page of mirror.list()) listed.push(...page);
  return listed;
}

async function readNewest(mirror: CataloguedMirror): Promise<readonly ListedPlace[]> {
  for await (const page of mirror.listNewest()) return page;
  return [];
}

/** What was not known, and what its host says has changed. */
function toSeen(
  listed: readonly ListedPlace[],
  known: ReadonlyMap<string, RepositoryState>,
  now: number,
): readonly StateChange[] {
  return listed.flatMap(({ place, hint }): StateChange[] => {
    const before = known.get(place.identity);
    if (before !== undefined && before.hint === hint) return [];
    const state = before ?? { ...toNewState(place.mirror, place.identity, place.path), dueAt: now };
    return [{ kind: 'repository', state: hint === undefined ? state : { ...state, hint } }];
  });
}

function isMoved({ place, hint }: ListedPlace, known: RepositoryState | undefined): boolean {
  if (known === undefined) return true;
  if (known.isPaused) return false;
  return known.hint !== hint || known.path !== place.path || known.state === 'gone';
}

function isDue({ isPaused, dueAt = 0 }: RepositoryState, now: number): boolean {
  return !isPaused && dueAt <= now;
}

/** Nothing is called gone by a list: these are looked at, one by one. */
function findMissing(
  known: readonly RepositoryState[],
  listed: readonly ListedPlace[],
): readonly RepositoryState[] {
  const present = new Set(listed.map(({ place }) => place.identity));
  return known.filter(
    ({ identity, state, isPaused }) => !present.has(identity) && state !== 'gone' && !isPaused,
  );
}

async function sendDue(name: string, known: readonly RepositoryState[], parts: TickParts): Promise<number> {
  const due = known.filter((state) => state.mirror === name && isDue(state, parts.clock.now()));
  return await sendPlaces(due.map(toPlace), 'due', parts);
}

function toPlace({ mirror, identity, path }: RepositoryState): Place {
  return { mirror, identity, path };
}

/** Two orders of five minutes are one: SQS tells them apart by their ids for so long. */
async function sendPlaces(
  places: readonly Place[],
  reason: 'due' | 'asked',
  { queue, clock }: TickParts,
): Promise<number> {
  const period = String(Math.floor(clock.now() / 300_000));
  const messages = places.map((place): Message => {
    const id = toDigest([reason, period, toGroup(place)]);
    return { version: 1, place, reason, id, continued: 0 };
  });
  await queue.send(messages);
  return messages.length;
}

async function keepProblem(name: string, error: unknown, { store, log }: TickParts): Promise<void> {
  const { code, message, remedy } = toMirrorError(error);
  log.failure(`${name}: ${message} ${remedy} [${code}]`);
  const before = await store.readMirror(name);
  const problem = { code, message, remedy };
  await store.write([{ kind: 'mirror', state: { ...before, mirror: name, problem } }]);
}

/** How a mirror stands, by what is known. What is gone, empty, frozen or paused waits for nothing. */
function toStanding(known: readonly RepositoryState[], now: number): Standing {
  const meant = known.filter(({ state, isPaused }) => !isPaused && !/^(gone|empty|frozen)$/.test(state));
  const ages = meant.map(({ verifiedAt, dueAt = now }) => Math.max(0, now - (verifiedAt ?? dueAt)));
  const count = (state: RepositoryState['state']) => meant.filter((each) => each.state === state).length;
  return {
    secondsSinceVerified: ages.reduce((most, age) => Math.max(most, age), 0) / 1000,
    repositories: meant.length,
    failing: count('failing'),
    blocked: count('blocked'),
  };
}
