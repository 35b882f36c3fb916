import { isDeepStrictEqual } from 'node:util';
import type { MirrorError } from '../../errors';
import { toMirrorError } from '../../system/errors';
import { toReason } from '../command/describePlan';
import type { Clock } from '../hosts/api/limiter';
import type { HostRepository } from '../hosts/repository';
import type { PlannedRepository } from '../plan/decision';
import { checkAll, type RepositoryCheck } from '../run/checkAll';
import type { Fleet } from '../run/fleet';
import { saveListings } from '../run/mirrorAll';
import { mirrorRepository, type RepositoryRun } from '../run/mirrorRepository';
import { isRunnable, type Runnable } from '../run/prepareDestination';
import { readPlan } from '../run/readPlan';
import { type QueuedRepository, toQueued } from '../run/runQueued';
import { planLookAfterHook, planNextLook } from '../schedule/due';
import type { Lane } from '../schedule/lanes';
import { RepositoryQueue } from '../schedule/queue';
import { type RepositoryState, toNewState } from '../state/repositoryState';
import type { StateChange } from '../state/store';
import type { RunLogs } from './runLogs';

export interface ServiceOptions {
  readonly clock: Clock;
  /** From 0 to less than 1. */
  readonly random: () => number;
  readonly logs: RunLogs;
  /** Told when something that a page shows has changed. */
  readonly changed: () => void;
}

/** Milliseconds. */
const intervals = { poll: 5 * 60_000, list: 60 * 60_000, due: 15_000, grace: 30_000 };

/** A key of the queue. */
const toKey = (mirror: string, identity: string) => `${mirror} ${identity}`;

/**
 * Mirrors a fleet for as long as it runs. What causes a look is a hint and no more: a webhook, a person, a listing whose
 * newest entries changed, the time since the last look. A listing of all, once an hour, finds new repositories.
 */
export class FleetService {
  readonly #fleet: Fleet;
  readonly #options: ServiceOptions;
  readonly #queue: RepositoryQueue<QueuedRepository>;
  /** What may be mirrored, by the last plan. */
  readonly #runnable = new Map<string, Runnable>();
  /** Ends what runs when a person stops everything. */
  #running = new AbortController();
  #isStopped = false;
  #listing: Promise<void> | undefined;

  constructor(fleet: Fleet, options: ServiceOptions) {
    this.#fleet = fleet;
    this.#options = options;
    const { concurrency, concurrencyPerHost } = fleet.configuration;
    this.#queue = new RepositoryQueue({
      concurrency,
      limitOf: () => concurrencyPerHost,
      run: (item, lane) => this.#run(item, lane),
      crashed: (error, { planned }) => this.#warn(`${planned.mirror}: ${planned.path}`, toMirrorError(error)),
    });
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** How many wait in each lane, and how many run. */
  get counts() {
    return this.#queue.counts;
  }

  activityOf(mirror: string, identity: string) {
    return this.#queue.stateOf(toKey(mirror, identity));
  }

  /** Runs until the signal of the fleet is aborted; then gives what runs thirty seconds, and ends it. */
  async run(): Promise<void> {
    const { signal } = this.#fleet.context;
    const loops = [
      this.#every(intervals.list, () => this.list()),
      this.#every(intervals.poll, () => this.#poll()),
      this.#every(intervals.due, () => this.#addDue()),
    ];
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(loops);
    await this.#queue.stop();
  }

  /** Lists all sources and plans anew. One listing at a time: whoever asks meanwhile waits for it. */
  async list(): Promise<void> {
    this.#listing ??= this.#listAll().finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
  }

  /** A host told that something happened to this repository; unknown ones are not of this fleet. */
  async hinted(identity: string): Promise<void> {
    const found = [...this.#runnable.values()].filter((planned) => planned.identity === identity);
    for (const planned of found) await this.#lookAfterHook(planned, 0);
  }

  /** A person asks for a run now. False where the repository can't be mirrored. */
  ask(mirror: string, identity: string): boolean {
    const planned = this.#runnable.get(toKey(mirror, identity));
    return planned !== undefined && this.#add(planned, 'asked');
  }

  /** A person asks for a run of everything. Gives how many. */
  askAll(): number {
    return [...this.#runnable.values()].filter((planned) => this.#add(planned, 'asked')).length;
  }

  /** Compares both sides of one repository, or of all, and pushes nothing; what was found is in the state. */
  async check(mirror?: string, identity?: string): Promise<void> {
    const chosen = [...this.#runnable].flatMap(([key, planned]) =>
      mirror === undefined || key === toKey(mirror, identity ?? '') ? planned : [],
    );
    await checkAll(this.#fleet, { repositories: chosen }, (check) => void this.#saveCheck(check));
  }

  async pause(mirror: string, identity: string, isPaused: boolean): Promise<void> {
    const state = await this.#fleet.store.readRepository(mirror, identity);
    if (state === undefined) return;
    if (isPaused) this.#queue.remove({ key: toKey(mirror, identity), mirror });
    await this.#fleet.store.write([{ kind: 'repository', state: { ...state, isPaused } }]);
    this.#options.changed();
  }

  /** Ends what runs and begins nothing more, until `resumeAll`. */
  stopAll(): void {
    this.#isStopped = true;
    this.#running.abort('SIGTERM');
    for (const planned of this.#runnable.values())
      this.#queue.remove({ key: toKey(planned.mirror, planned.identity), mirror: planned.mirror });
    this.#options.changed();
  }

  resumeAll(): void {
    this.#isStopped = false;
    this.#running = new AbortController();
    this.#options.changed();
  }

  #add(planned: Runnable, lane: Lane): boolean {
    if (this.#isStopped) return false;
    const arrival = this.#queue.add(toQueued(this.#fleet, planned), lane);
    this.#options.changed();
    return arrival !== 'refused';
  }

  /** The host's git may not have yet what its webhook tells of, so a look that finds nothing is repeated. */
  async #lookAfterHook(planned: Runnable, number: number): Promise<void> {
    const { store, context } = this.#fleet;
    const before = await store.readRepository(planned.mirror, planned.identity);
    if (before?.isPaused) return;
    this.#add(planned, 'webhook');
    const delay = planLookAfterHook(number + 1);
    if (delay === undefined) return;
    void this.#options.clock
      .wait(delay, context.signal)
      .then(async () => {
        const now = await store.readRepository(planned.mirror, planned.identity);
        if (now?.changedAt === before?.changedAt) await this.#lookAfterHook(planned, number + 1);
      })
      .catch(() => undefined);
  }

  async #every(milliseconds: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#fleet.context;
    while (!signal.aborted) {
      try {
        await work();
        await this.#options.clock.wait(milliseconds, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#warn('The service', toMirrorError(error));
        await this.#options.clock.wait(milliseconds, signal).catch(() => undefined);
      }
    }
  }

  async #listAll(): Promise<void> {
    const { configuration, context } = this.#fleet;
    const plan = await readPlan(this.#fleet, configuration.mirrors);
    for (const { mirror, side, error } of plan.problems) this.#warn(`${mirror}: the ${side}`, error);
    await saveListings(this.#fleet, plan);
    const unlisted = new Set(plan.problems.map(({ mirror }) => mirror));
    for (const [key, { mirror }] of this.#runnable) if (!unlisted.has(mirror)) this.#runnable.delete(key);
    const changes = await Promise.all(plan.repositories.map((planned) => this.#settle(planned)));
    await this.#fleet.store.write(changes.flat());
    context.log.debug(`Listed ${plan.repositories.length} repositories.`);
    await this.#addDue();
    this.#options.changed();
  }

  /** Takes one repository of a plan over: as runnable, or with the state that says why it is not. Gives what changes. */
  async #settle(planned: PlannedRepository): Promise<readonly StateChange[]> {
    const known = await this.#fleet.store.readRepository(planned.mirror, planned.identity);
    if (isRunnable(planned)) this.#runnable.set(toKey(planned.mirror, planned.identity), planned);
    const state = isRunnable(planned) ? toListedState(planned, known) : toIdleState(planned, known);
    return state === undefined || isDeepStrictEqual(state, known) ? [] : [{ kind: 'repository', state }];
  }

  /** The newest entries of each source: what has changed since they were last seen is looked at. */
  async #poll(): Promise<void> {
    if (this.#runnable.size === 0) return;
    for (const mirror of this.#fleet.configuration.mirrors) {
      const { source } = this.#fleet.hostsOf(mirror);
      for await (const page of source.list({ newestFirst: true })) {
        if (await this.#seePage(mirror.name, page)) void this.list().catch(() => undefined);
        break;
      }
    }
    await this.#addDue();
  }

  /** Whether the page has a repository that no plan knows. */
  async #seePage(mirror: string, page: readonly HostRepository[]): Promise<boolean> {
    const { store } = this.#fleet;
    let isUnknown = false;
    for (const repository of page) {
      const hint = toHint(repository);
      const state = await store.readRepository(mirror, repository.identity);
      if (state === undefined) isUnknown = true;
      else if (hint !== undefined && state.hint !== hint)
        await store.write([{ kind: 'repository', state: { ...state, hint, dueAt: 0 } }]);
    }
    return isUnknown;
  }

  async #addDue(): Promise<void> {
    const now = this.#options.clock.now();
    for (const planned of this.#runnable.values()) {
      const state = await this.#fleet.store.readRepository(planned.mirror, planned.identity);
      if (state === undefined || state.isPaused || (state.dueAt ?? 0) > now) continue;
      if (this.activityOf(planned.mirror, planned.identity) !== undefined) continue;
      this.#add(planned, state.lookedAt === undefined ? 'first' : 'due');
    }
  }

  async #run({ planned }: QueuedRepository, trigger: Lane): Promise<void> {
    const mirror = this.#fleet.mirrorNamed(planned.mirror);
    this.#options.changed();
    const logs = this.#options.logs.open(planned);
    const run = await mirrorRepository(planned, {
      fleet: this.#fleet,
      mirror,
      trigger,
      log: logs.log,
      signal: this.#running.signal,
      graceMilliseconds: intervals.grace,
      logName: logs.name,
    });
    await logs.close();
    await this.#planNext(run);
    this.#options.changed();
  }

  async #planNext({ planned, error, outcome }: RepositoryRun): Promise<void> {
    const { store, context } = this.#fleet;
    const state = await store.readRepository(planned.mirror, planned.identity);
    if (state === undefined) return;
    const { host } = this.#fleet.mirrorNamed(planned.mirror).from;
    const hintedAt = planned.repository.changedAt?.getTime();
    const { lookedAt, changedAt, failures } = state;
    const dueAt = Math.round(
      planNextLook({ lookedAt, changedAt, failures, hintedAt, host }, this.#options.random),
    );
    await store.write([{ kind: 'repository', state: { ...state, dueAt } }]);
    const failure = error ?? outcome?.failure;
    const name = `${planned.mirror}: ${planned.path} → ${planned.destination}`;
    if (failure !== undefined && failure.code !== 'source-empty') this.#warn(name, failure);
    else if ((outcome?.counts.changed ?? 0) > 0)
      context.log.success(`${name}: ${outcome?.counts.changed} refs changed`);
  }

  async #saveCheck({ planned, behind, extra, error, branches, tags }: RepositoryCheck): Promise<void> {
    const { store } = this.#fleet;
    const known = await store.readRepository(planned.mirror, planned.identity);
    // A run that goes on meanwhile says more.
    if (known === undefined || this.activityOf(planned.mirror, planned.identity) !== undefined) return;
    const { prune } = this.#fleet.mirrorNamed(planned.mirror).policy;
    const now = this.#options.clock.now();
    const seen = { ...known, lookedAt: now, refs: branches + tags };
    if (error !== undefined) this.#warn(`${planned.mirror}: ${planned.path}`, error);
    else if (behind === 0 && (extra === 0 || !prune))
      await store.write([{ kind: 'repository', state: { ...seen, state: 'equal', verifiedAt: now } }]);
    else await store.write([{ kind: 'repository', state: { ...seen, state: 'behind' } }]);
    this.#options.changed();
  }

  #warn(what: string, error: MirrorError): void {
    this.#fleet.context.log.warn(`${what}: ${error.message}\n  ${error.remedy} [${error.code}]`);
  }
}

/** When the host says that the repository changed last. */
function toHint({ changedAt }: HostRepository): string | undefined {
  return changedAt?.toISOString();
}

/** A repository whose time stamp has moved is due at once. */
function toListedState(planned: Runnable, known: RepositoryState | undefined): RepositoryState {
  const state = known ?? toNewState(planned.mirror, planned.identity, planned.path);
  const hint = toHint(planned.repository);
  if (hint === undefined || hint === state.hint) return state;
  return { ...state, hint, dueAt: 0 };
}

/** The state of a repository that is not mirrored; undefined where there is none to keep. */
function toIdleState(
  planned: PlannedRepository,
  known: RepositoryState | undefined,
): RepositoryState | undefined {
  switch (planned.action) {
    case 'conflict': {
      const { problem: _before, ...state } =
        known ?? toNewState(planned.mirror, planned.identity, planned.path);
      if (planned.because === 'unlisted') return known;
      const problem = {
        code: 'fleet-conflict',
        message: toReason(planned) ?? '',
        remedy: planned.remedy,
      };
      return { ...state, state: 'blocked', problem };
    }
    case 'gone':
      return known && { ...known, state: 'gone' };
    case 'frozen':
      return known && { ...known, state: 'frozen' };
    default:
      return known;
  }
}
