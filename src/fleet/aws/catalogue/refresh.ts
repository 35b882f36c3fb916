import { isDeepStrictEqual } from 'node:util';
import { isShrunken } from '../../plan/listing';
import { type RepositoryState, toNewState, withPath } from '../../state/repositoryState';
import type { FleetStore, StateChange } from '../../state/store';
import { updateRepository } from '../../state/update';
import type { Place } from '../resources/message';

/** A source of places, as its host lists it. */
export interface ListedSource {
  /** The name of its mirror. */
  readonly name: string;
  /** Lists the source as a whole, or throws. */
  list(): AsyncIterable<readonly Place[]>;
  /** The places that changed last, first; as many pages as the caller reads. */
  listNewest(): AsyncIterable<readonly Place[]>;
}

/** A source is listed as a whole so often; between two of these, its newest page is read. */
export const listingMilliseconds = 6 * 3_600_000;

export type RefreshedStore = Pick<
  FleetStore,
  'readRepositories' | 'readRepository' | 'readMirror' | 'write' | 'update'
>;

/**
 * Asks a source what is new, renamed, there again, or no longer listed, and saves it: that is due at once. Nothing is
 * called gone by a list: what it lacks is looked at, one by one. Throws MirrorError.
 */
export async function refreshSource(
  source: ListedSource,
  wantsWhole: boolean,
  store: RefreshedStore,
  now: number,
): Promise<void> {
  const before = await store.readMirror(source.name);
  const isWhole = wantsWhole || now - (before?.listedAt ?? 0) >= listingMilliseconds;
  const listed = isWhole ? await readAll(source) : await readNewest(source);
  const known = await store.readRepositories(source.name);
  const byIdentity = new Map(known.map((state) => [state.identity, state]));
  const fresh = listed.filter(({ identity }) => !byIdentity.has(identity));
  await saveNew(fresh, { isFirst: known.length === 0, now }, store);
  for (const place of listed) {
    const state = byIdentity.get(place.identity);
    if (state !== undefined) await save(state, (latest) => toListed(latest, place), store);
  }
  if (!isWhole) return;
  if (!isShrunken(before?.listed, listed.length))
    for (const state of findMissing(known, listed)) await save(state, toDue, store);
  const state = { mirror: source.name, listedAt: now, listed: listed.length };
  await store.write([{ kind: 'mirror', state }]);
}

async function readAll(source: ListedSource): Promise<readonly Place[]> {
  const listed: Place[] = [];
  for await (const page of source.list()) listed.push(...page);
  return listed;
}

async function readNewest(source: ListedSource): Promise<readonly Place[]> {
  for await (const page of source.listNewest()) return page;
  return [];
}

/** The first listing has thousands of them, and nobody else writes yet. */
async function saveNew(
  places: readonly Place[],
  { isFirst, now }: { readonly isFirst: boolean; readonly now: number },
  store: RefreshedStore,
): Promise<void> {
  const toChange = ({ mirror, identity, path }: Place): StateChange => ({
    kind: 'repository',
    state: { ...toNewState(mirror, identity, path), seenAt: now },
  });
  if (isFirst) return await store.write(places.map(toChange));
  for (const place of places)
    await updateRepository(store, place, (known) => (known === undefined ? [toChange(place)] : []));
}

/** A look may end meanwhile: what it saves stays. */
async function save(
  known: RepositoryState,
  change: (state: RepositoryState) => RepositoryState,
  store: RefreshedStore,
): Promise<void> {
  if (isDeepStrictEqual(change(known), known)) return;
  await updateRepository(store, known, (state) =>
    state === undefined ? [] : [{ kind: 'repository', state: change(state) }],
  );
}

function toListed(state: RepositoryState, { path }: Place): RepositoryState {
  const isMoved = state.path !== path || state.state === 'gone';
  return isMoved && !state.isPaused ? toDue(withPath(state, path)) : state;
}

function toDue(state: RepositoryState): RepositoryState {
  return { ...state, dueAt: 0 };
}

function findMissing(
  known: readonly RepositoryState[],
  listed: readonly Place[],
): readonly RepositoryState[] {
  const present = new Set(listed.map(({ identity }) => identity));
  return known.filter(
    ({ identity, state, isPaused }) => !present.has(identity) && state !== 'gone' && !isPaused,
  );
}
