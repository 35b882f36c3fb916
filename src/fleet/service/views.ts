import { toTitle } from '../command/describePlan';
import type { Fleet } from '../run/fleet';
import type { MirrorState, RepositoryState, RunRecord } from '../state/repositoryState';
import type { FleetStore } from '../state/store';

/** What a page says of one repository, what needs attention first. */
export const conditions = [
  'failing',
  'blocked',
  'behind',
  'mirroring',
  'waiting',
  'new',
  'paused',
  'source gone',
  'frozen',
  'empty',
  'equal',
] as const;

export type Condition = (typeof conditions)[number];

export interface RepositoryView {
  readonly state: RepositoryState;
  readonly condition: Condition;
  readonly lastRun: RunRecord | undefined;
}

export interface MirrorView {
  readonly name: string;
  readonly title: string;
  readonly state: MirrorState | undefined;
}

/** What a page shows, as it is now. */
export interface FleetView {
  readonly mirrors: readonly MirrorView[];
  /** Those that need attention first, then by path. */
  readonly repositories: readonly RepositoryView[];
  readonly isStopped: boolean;
}

/** What of a repository is under way. */
export type Activity = (mirror: string, identity: string) => 'waiting' | 'running' | 'dirty' | undefined;

/** The fleet that is viewed. */
export interface Viewed {
  readonly mirrors: readonly Pick<MirrorView, 'name' | 'title'>[];
  readonly store: Pick<FleetStore, 'readMirror' | 'readRepositories' | 'readRuns'>;
  /** Whether the last run of each repository is shown beside the others: that is one query for each. */
  readonly showsLastRuns: boolean;
}

export function toViewed({ configuration, store }: Fleet): Viewed {
  const mirrors = configuration.mirrors.map((mirror) => ({ name: mirror.name, title: toTitle(mirror) }));
  return { mirrors, store, showsLastRuns: true };
}

export async function readView(
  { mirrors, store, showsLastRuns }: Viewed,
  activity: Activity,
  isStopped: boolean,
): Promise<FleetView> {
  const views = await Promise.all(
    mirrors.map(async (mirror) => ({ ...mirror, state: await store.readMirror(mirror.name) })),
  );
  const lists = await Promise.all(mirrors.map(({ name }) => store.readRepositories(name)));
  const repositories = await Promise.all(
    lists.flat().map(async (state) => ({
      state,
      condition: toCondition(state, activity(state.mirror, state.identity)),
      lastRun: showsLastRuns ? (await store.readRuns(state.mirror, state.identity)).at(-1) : undefined,
    })),
  );
  return { mirrors: views, repositories: repositories.sort(byUrgency), isStopped };
}

export function toCondition(state: RepositoryState, activity: ReturnType<Activity>): Condition {
  if (activity === 'running' || activity === 'dirty') return 'mirroring';
  if (state.isPaused) return 'paused';
  if (activity === 'waiting' && state.state !== 'failing') return 'waiting';
  return state.state === 'gone' ? 'source gone' : state.state;
}

function byUrgency(one: RepositoryView, other: RepositoryView): number {
  const order = conditions.indexOf(one.condition) - conditions.indexOf(other.condition);
  return order || (one.state.path < other.state.path ? -1 : 1);
}
