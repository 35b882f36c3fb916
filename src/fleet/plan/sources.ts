import { toNameFilter, toPath } from '../configuration/patterns';
import type { HostRepository } from '../hosts/repository';
import type { RepositoryState } from '../state/repositoryState';
import type { Decision, MirrorWorld } from './decision';
import { toRules } from './fleetMirror';
import { parseMarker } from './marker';

/** A source repository, and how far its case is decided without the destination. */
export type SourceDecision = {
  readonly world: MirrorWorld;
  readonly identity: string;
  readonly path: string;
  readonly repository: HostRepository | undefined;
} & (
  | { readonly kind: 'decided'; readonly decision: Decision }
  /** It has a name at the destination. */
  | { readonly kind: 'known'; readonly state: RepositoryState & { readonly destination: string } }
  | { readonly kind: 'new'; readonly repository: HostRepository }
);

/** The identities of all repositories that are mirrors of this fleet, as its state says. */
export function findMirrorsOfOurs(worlds: readonly MirrorWorld[]): ReadonlySet<string> {
  return new Set(
    worlds.flatMap(({ known }) => known.flatMap(({ destinationIdentity }) => destinationIdentity ?? [])),
  );
}

/** Sorts the repositories of one source: those that it lists, and those that are known and not listed. */
export function classify(world: MirrorWorld, ours: ReadonlySet<string>): readonly SourceDecision[] {
  const states = new Map(world.known.map((state) => [state.identity, state]));
  const exclude = toExclusion(world);
  const listed = world.source.repositories.map((repository): SourceDecision => {
    const state = states.get(repository.identity);
    const base = { world, identity: repository.identity, path: toPath(repository), repository };
    const decision = decideListed(repository, state, ours, exclude);
    if (decision !== undefined) return { ...base, kind: 'decided', decision };
    return hasDestination(state) ? { ...base, kind: 'known', state } : { ...base, kind: 'new' };
  });
  const identities = new Set(world.source.repositories.map(({ identity }) => identity));
  const missing = world.known.filter(({ identity }) => !identities.has(identity) && !ours.has(identity));
  return [...listed, ...missing.flatMap((state) => decideMissing(world, state))];
}

function hasDestination(
  state: RepositoryState | undefined,
): state is RepositoryState & { readonly destination: string } {
  return state?.destination !== undefined;
}

type Exclusion = (repository: HostRepository, state: RepositoryState | undefined) => Decision | undefined;

function decideListed(
  repository: HostRepository,
  state: RepositoryState | undefined,
  ours: ReadonlySet<string>,
  exclude: Exclusion,
): Decision | undefined {
  const excluded = findMirror(repository, state, ours) ?? exclude(repository, state);
  if (excluded === undefined) return hasDestination(state) ? findFrozen(repository, state) : undefined;
  return hasDestination(state) ? { ...excluded, destination: state.destination } : excluded;
}

type Excluded = Extract<Decision, { action: 'excluded' }>;

/**
 * A mirror of ours is no source, or each mirror would be mirrored in its turn. A repository that has been mirrored
 * already stays a source whatever its description says: anybody who may edit that could end its mirror.
 */
function findMirror(
  { identity, description }: HostRepository,
  state: RepositoryState | undefined,
  ours: ReadonlySet<string>,
): Excluded | undefined {
  const marker = parseMarker(description);
  if (!ours.has(identity) && (marker === undefined || hasDestination(state))) return undefined;
  const detail = marker === undefined ? 'another source' : `${marker.identity} ${marker.path}`.trimEnd();
  return { action: 'excluded', because: 'mirror', detail };
}

function toExclusion({ mirror }: MirrorWorld): (...each: Parameters<Exclusion>) => Excluded | undefined {
  const rules = toRules(mirror);
  const leaveOut = toNameFilter(rules);
  return (repository, state) => {
    const left = leaveOut(repository);
    if (left !== undefined) return { action: 'excluded', because: left.rule, detail: left.pattern };
    if (repository.isFork && !rules.forks)
      return { action: 'excluded', because: 'fork', detail: 'forks: false' };
    // One that was mirrored before it was archived is frozen, and not left out.
    if (repository.isArchived && !rules.archived && state?.verifiedAt === undefined)
      return { action: 'excluded', because: 'archived', detail: 'archived: false' };
    if (isGoingAway(repository) && !hasDestination(state))
      return { action: 'excluded', because: 'deletion-scheduled', detail: repository.name };
    return undefined;
  };
}

/** GitLab renames a project that is to be deleted, days before it is. */
function isGoingAway({ isBeingDeleted }: HostRepository): boolean {
  return isBeingDeleted;
}

function findFrozen(
  repository: HostRepository,
  state: RepositoryState & { readonly destination: string },
): Decision | undefined {
  const { destination } = state;
  if (isGoingAway(repository)) return { action: 'frozen', because: 'deletion-scheduled', destination };
  if (repository.isArchived && isComplete(repository, state))
    return { action: 'frozen', because: 'archived', destination };
  return undefined;
}

/**
 * Whether a run has seen it equal since it is archived, as that can't change more, and its time stamp has not moved since.
 * A time stamp that is older than the last run says nothing: it comes from another clock, and some pushes do not move it.
 */
function isComplete({ changedAt }: HostRepository, { state, hint }: RepositoryState): boolean {
  if (state !== 'frozen') return false;
  return changedAt === undefined || hint === undefined || changedAt.toISOString() === hint;
}

/**
 * A known repository that is not listed. After a listing that is not whole nothing is concluded. After a whole one it
 * is gone when a direct look-up says so too, and elsewhere when that finds it.
 */
function decideMissing(world: MirrorWorld, state: RepositoryState): readonly SourceDecision[] {
  const { identity, path, destination } = state;
  const base = { world, identity, path, repository: undefined };
  const to = destination === undefined ? {} : { destination };
  const decided = (decision: Decision) => [{ ...base, kind: 'decided' as const, decision }];
  if (state.state === 'gone') return decided({ action: 'gone', ...to });
  if (!world.source.isWhole) return hasDestination(state) ? [{ ...base, kind: 'known', state }] : [];
  const found = world.lookedUp.get(identity);
  if (found === undefined) return decided({ action: 'gone-candidate', ...to });
  if (found === 'gone') return decided({ action: 'gone', ...to });
  return destination === undefined ? [] : decided({ action: 'frozen', because: 'moved', destination });
}
