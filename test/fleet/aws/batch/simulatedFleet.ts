import { MirrorError } from '../../../../src/errors';
import type { BatchParts } from '../../../../src/fleet/aws/batch/mirrorBatch';
import type { Catalogue, EventSources } from '../../../../src/fleet/aws/catalogue/catalogue';
import { type RefreshedStore, refreshSource } from '../../../../src/fleet/aws/catalogue/refresh';
import { takeIn } from '../../../../src/fleet/aws/functions/intake';
import type { Place } from '../../../../src/fleet/aws/resources/message';
import type { MirrorState, RepositoryState } from '../../../../src/fleet/state/repositoryState';
import type { StateChange } from '../../../../src/fleet/state/store';
import { generic } from '../../../../src/plan/profiles';
import { countRefs, type Outcome, type RefOutcome } from '../../../../src/report/outcome';
import type { Log } from '../../../../src/system/context';
import {
  createLambda,
  createQueue,
  createVirtualClock,
  type Lambda,
  type SimulatedQueue,
  toPlace,
  type VirtualClock,
} from './simulator';

/** A repository: each ref is a number that only grows at the source. */
export interface SimulatedRepository {
  readonly name: string;
  readonly source: number[];
  readonly destination: number[];
}

/** What goes wrong, and how long things take. Every call gives the next one's fate. */
export interface Fate {
  readonly isLost: () => boolean;
  readonly copies: () => number;
  readonly delay: () => number;
  readonly killAfter: () => number | undefined;
  readonly isThrottled: () => boolean;
  readonly failure: () => 'destination-unreachable' | undefined;
  /** Milliseconds of listing both sides, and of pushing one ref. */
  readonly lookTime: () => number;
  readonly pushTime: () => number;
}

export interface SimulatedFleet {
  readonly clock: VirtualClock;
  readonly repositories: readonly SimulatedRepository[];
  readonly queue: SimulatedQueue;
  readonly lambda: Lambda;
  readonly counts: { runs: number; intakes: number; reads: number; writes: number; lists: number };
  /** Refs that went to an older value: there must be none. */
  readonly backwards: string[];
  /** Changes a ref at the source; its event takes its way. */
  push(name: string, ref: number): void;
  tick(): Promise<void>;
  states(): readonly RepositoryState[];
}

const silent: Log = {
  info: () => undefined,
  success: () => undefined,
  warn: () => undefined,
  failure: () => undefined,
  skip: () => undefined,
  debug: () => undefined,
  progress: () => undefined,
  conceal: () => undefined,
};

interface FleetSettings {
  readonly names: readonly string[];
  readonly refs: number;
  readonly fate: Fate;
  readonly concurrency: number;
}

export const start = Date.UTC(2026, 5, 1);

/** The real handlers around a queue, a store, a CodeCommit and a host that are simulated, on a virtual clock. */
export function createFleet({ names, refs, fate, concurrency }: FleetSettings): SimulatedFleet {
  const clock = createVirtualClock(start);
  const queue = createQueue({ clock, visibility: 1_800_000, tries: 5 });
  const repositories = names.map((name) => ({
    name,
    source: Array<number>(refs).fill(0),
    destination: Array<number>(refs).fill(0),
  }));
  const byName = new Map(repositories.map((each) => [each.name, each]));
  const counts = { runs: 0, intakes: 0, reads: 0, writes: 0, lists: 0 };
  const backwards: string[] = [];
  const store = createStore(counts);
  const catalogue = createCatalogue(names, { counts, store, clock });
  const sources: EventSources = {
    findByRepository: ({ name }) => (byName.has(name) ? [toPlace(name)] : []),
  };
  const parts: BatchParts = {
    catalogue,
    store,
    queue,
    builds: undefined,
    bytesAtMost: Infinity,
    clock,
    log: silent,
    atOnce: 4,
    metrics: { run: () => undefined, standing: () => undefined },
    clean: async () => undefined,
    mirror: async (_job, place, signal) => {
      counts.runs += 1;
      const repository = byName.get(place.path);
      if (repository === undefined) throw new Error(`no repository ${place.path}`);
      return await simulateRun(repository, signal, { clock, fate, backwards });
    },
  };
  const { killAfter, isThrottled } = fate;
  const lambda = createLambda({ clock, queue, parts, concurrency, timeout: 900_000, killAfter, isThrottled });
  async function take(event: unknown): Promise<void> {
    counts.intakes += 1;
    await takeIn(event, { sources, queue, clock, log: silent });
    lambda.poll();
  }
  let count = 0;
  // Lambda polls all the time: five at once, each of which waits for up to 20 seconds (Lambda Developer Guide, "Scaling").
  const pollOn = () => {
    lambda.poll();
    clock.at(clock.now() + 4_000, pollOn);
  };
  clock.at(start, pollOn);
  return {
    clock,
    repositories,
    queue,
    lambda,
    counts,
    backwards,
    push(name, ref) {
      const repository = byName.get(name);
      if (repository === undefined) throw new Error(`no repository ${name}`);
      repository.source[ref] = (repository.source[ref] ?? 0) + 1;
      count += 1;
      const event = toEvent(name, `event-${count}`);
      if (fate.isLost()) return;
      for (let copy = fate.copies(); copy > 0; copy -= 1)
        clock.at(clock.now() + fate.delay(), () => void take(event));
    },
    tick: () => take({ tick: true }),
    states: () => [...store.states.values()],
  };
}

function toEvent(name: string, id: string) {
  return {
    id,
    source: 'aws.codecommit',
    'detail-type': 'CodeCommit Repository State Change',
    account: '123456789012',
    region: 'us-east-1',
    detail: { event: 'referenceUpdated', repositoryName: name, repositoryId: name },
  };
}

interface RunNeeds {
  readonly clock: VirtualClock;
  readonly fate: Fate;
  readonly backwards: string[];
}

/** What the core does, in small: both sides are listed, and each ref is pushed with a lease on what was seen. */
async function simulateRun(
  repository: SimulatedRepository,
  signal: AbortSignal,
  { clock, fate, backwards }: RunNeeds,
): Promise<Outcome> {
  await waitOr(clock, fate.lookTime(), signal);
  const failure = fate.failure();
  if (failure !== undefined) throw new MirrorError(failure, { message: 'It is away.', remedy: 'Wait.' });
  const [wanted, seen] = [[...repository.source], [...repository.destination]];
  const refs: RefOutcome[] = [];
  for (const [index, value] of wanted.entries()) {
    const ref = `refs/heads/${index}`;
    const base = { ref, old: String(seen[index]), new: String(value) };
    if (value === seen[index]) {
      refs.push({ ...base, status: 'equal' });
      continue;
    }
    const stopped = await waitOr(clock, fate.pushTime(), signal).catch((error: MirrorError) => error);
    if (stopped instanceof MirrorError) return toOutcome(refs, stopped);
    if (repository.destination[index] !== seen[index])
      throw new MirrorError('lease-broken', { message: 'Somebody else was there.', remedy: 'Look again.' });
    if (value < (seen[index] ?? 0)) backwards.push(`${repository.name} ${ref}: ${seen[index]} → ${value}`);
    repository.destination[index] = value;
    refs.push({ ...base, status: 'fast-forward' });
  }
  return toOutcome(refs, undefined);
}

function toOutcome(refs: readonly RefOutcome[], failure: MirrorError | undefined): Outcome {
  const counts = countRefs(refs);
  const verdict = failure !== undefined ? 'not-mirrored' : counts.changed > 0 ? 'mirrored' : 'already-equal';
  return { verdict, refs, counts, bytes: counts.changed * 1000, fallback: false, failure };
}

function waitOr(clock: VirtualClock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const callOff = clock.at(clock.now() + milliseconds, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    function stop(): void {
      callOff();
      reject(signal.reason);
    }
    signal.addEventListener('abort', stop, { once: true });
  });
}

interface CatalogueNeeds {
  readonly counts: { lists: number };
  readonly store: RefreshedStore;
  readonly clock: VirtualClock;
}

function createCatalogue(names: readonly string[], { counts, store, clock }: CatalogueNeeds): Catalogue {
  async function* list() {
    for (let at = 0; at < names.length; at += 1000) {
      counts.lists += 1;
      // A call of CodeCommit.
      await clock.wait(100);
      yield names.slice(at, at + 1000).map(toPlace);
    }
  }
  const source = { name: 'codecommit', list, listNewest: list };
  const side = (name: string) => ({ url: `https://host/${name}`, name, login: { kind: 'none' } as const });
  return {
    mirrors: ['codecommit'],
    async refresh(isWhole) {
      await refreshSource(source, isWhole, store, clock.now());
      return [];
    },
    isGone: async () => false,
    open: async ({ path }) => ({
      kind: 'job',
      bytes: undefined,
      logins: '',
      found: { path, destination: path },
      job: {
        source: side(path),
        destination: side(path),
        selection: { refs: 'all', include: [], exclude: [] },
        policy: { force: true, prune: true, pruneLimit: 10, backup: false, lfs: 'warn', dryRun: false },
        limits: { profile: generic, pushBytes: 2 ** 30, attempts: 3 },
      },
    }),
  };
}

function createStore(counts: { reads: number; writes: number }) {
  const states = new Map<string, RepositoryState>();
  const mirrors = new Map<string, MirrorState>();
  const toKey = ({ mirror, identity }: Pick<Place, 'mirror' | 'identity'>) => `${mirror}/${identity}`;
  const apply = (change: StateChange) => {
    if (change.kind === 'repository') states.set(toKey(change.state), change.state);
    if (change.kind === 'mirror') mirrors.set(change.state.mirror, change.state);
  };
  const store: RefreshedStore = {
    readRepositories: async () => {
      counts.reads += Math.ceil((states.size * 500) / 8_000);
      return [...states.values()];
    },
    async readRepository(mirror, identity) {
      counts.reads += 1;
      return states.get(toKey({ mirror, identity }));
    },
    readMirror: async (mirror) => mirrors.get(mirror),
    async write(changes) {
      // A transaction costs twice as much (DynamoDB pricing, on-demand).
      counts.writes += changes.length === 1 ? 1 : 2 * changes.length;
      for (const change of changes) apply(change);
    },
  };
  return { ...store, states };
}
