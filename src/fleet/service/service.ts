import type { MirrorError } from '../../errors';
import { toMirrorError } from '../../system/errors';
import type { Fleet } from '../run/fleet';
import type { Runnable } from '../run/prepareDestination';
import { type QueuedRepository, toQueued } from '../run/runQueued';
import { acceptListing } from '../run/savePlan';
import type { Lane } from '../schedule/lanes';
import { RepositoryQueue } from '../schedule/queue';
import { updateRepository } from '../state/update';
import { Catalogue, toKey } from './catalogue';
import { HookLooks } from './hookLooks';
import { pollAll } from './poll';
import { checkOne, mirrorOne, type WorkParts } from './work';

export interface ServiceOptions extends Pick<WorkParts, 'clock' | 'random' | 'logs'> {
  /** Told when something that a page shows has changed. */
  readonly changed: () => void;
}

/** What waits and runs: a mirror run, or a check, which has the same limits. */
interface Work extends QueuedRepository {
  readonly kind: 'mirror' | 'check';
}

/** Milliseconds. */
const intervals = { poll: 5 * 60_000, list: 60 * 60_000, due: 15_000 };

const toCheckKey = (mirror: string, identity: string) => `check ${toKey(mirror, identity)}`;

/**
 * Mirrors a fleet for as long as it runs. What causes a look is a hint and no more: a webhook, a person, a listing whose
 * newest entries changed, the time since the last look. A listing of all, once an hour, finds new repositories.
 */
export class FleetService {
  readonly #fleet: Fleet;
  readonly #options: ServiceOptions;
  readonly #queue: RepositoryQueue<Work>;
  readonly #catalogue: Catalogue;
  readonly #hookLooks: HookLooks;
  readonly #parts: WorkParts;
  /** Ends what runs when a person stops everything. */
  #running = new AbortController();
  #isStopped = false;
  /** Aborted with the error when another process has taken the state over. */
  readonly #lost = new AbortController();
  readonly #signal: AbortSignal;

  constructor(fleet: Fleet, options: ServiceOptions) {
    this.#fleet = fleet;
    this.#options = options;
    this.#signal = AbortSignal.any([fleet.context.signal, this.#lost.signal]);
    const { concurrency, concurrencyPerHost } = fleet.configuration;
    const warn = (what: string, error: MirrorError) => this.#warn(what, error);
    this.#catalogue = new Catalogue(fleet, ({ mirror, side, error }) =>
      warn(`${mirror}: the ${side}`, error),
    );
    this.#parts = { ...options, fleet, catalogue: this.#catalogue, warn };
    this.#queue = new RepositoryQueue({
      concurrency,
      limitOf: () => concurrencyPerHost,
      run: (work, lane) => this.#run(work, lane),
      crashed: (error, { planned }) => warn(`${planned.mirror}: ${planned.path}`, toMirrorError(error)),
    });
    const look = (planned: Runnable) => void this.#add(planned, 'webhook');
    this.#hookLooks = new HookLooks({ fleet, clock: options.clock, look });
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

  /**
   * Runs until the signal of the fleet is aborted; then gives what runs thirty seconds, and ends it. Throws MirrorError
   * `fleet-state-locked` as soon as another process has taken the state over: two services would contradict each other.
   */
  async run(): Promise<void> {
    const signal = this.#signal;
    const loops = [
      this.#every(intervals.list, () => this.list()),
      // The first listing says all that a poll would.
      this.#pause(intervals.poll).then(() => this.#every(intervals.poll, () => this.#poll())),
      this.#every(intervals.due, () => this.#addDue()),
    ];
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(loops);
    await this.#queue.stop();
    this.#lost.signal.throwIfAborted();
  }

  /** Lists all sources and plans. Resolved when a listing that began after this moment has ended. */
  async list(): Promise<void> {
    await this.#catalogue.list();
    await this.#addDue();
    this.#options.changed();
  }

  /** A host told that something happened to this repository; unknown ones are not of this fleet. */
  async hinted(identity: string): Promise<void> {
    for (const planned of this.#catalogue.all)
      if (planned.identity === identity) await this.#hookLooks.begin(planned);
  }

  /** A person asks for a run now. False where the repository can't be mirrored. */
  ask(mirror: string, identity: string): boolean {
    const planned = this.#catalogue.get(mirror, identity);
    return planned !== undefined && this.#add(planned, 'asked');
  }

  /** A person says that a listing which has shrunk is right. */
  async acceptListing(mirror: string): Promise<void> {
    await acceptListing(this.#fleet, mirror);
    await this.list();
  }

  /** A person asks for a run of everything that is not paused. */
  async askAll(): Promise<void> {
    for (const planned of this.#catalogue.all) {
      const state = await this.#fleet.store.readRepository(planned.mirror, planned.identity);
      if (state?.isPaused !== true) this.#add(planned, 'asked');
    }
  }

  /** Compares both sides of one repository, or of all, and pushes nothing; what is found will be in the state. */
  check(mirror?: string, identity?: string): boolean {
    if (this.#isStopped) return false;
    const chosen = this.#catalogue.all.filter(
      (planned) => mirror === undefined || (planned.mirror === mirror && planned.identity === identity),
    );
    for (const planned of chosen) {
      const key = toCheckKey(planned.mirror, planned.identity);
      this.#queue.add({ ...toQueued(this.#fleet, planned), key, kind: 'check' }, 'asked');
    }
    return chosen.length > 0;
  }

  async pause(mirror: string, identity: string, isPaused: boolean): Promise<void> {
    await updateRepository(this.#fleet.store, { mirror, identity }, (state) =>
      state === undefined ? [] : [{ kind: 'repository', state: { ...state, isPaused } }],
    );
    if (isPaused) this.#queue.remove({ key: toKey(mirror, identity), mirror });
    this.#options.changed();
  }

  /** Ends what runs and begins nothing more, until `resumeAll`. */
  stopAll(): void {
    this.#isStopped = true;
    this.#running.abort('SIGTERM');
    for (const { mirror, identity } of this.#catalogue.all) {
      this.#queue.remove({ key: toKey(mirror, identity), mirror });
      this.#queue.remove({ key: toCheckKey(mirror, identity), mirror });
    }
    this.#options.changed();
  }

  resumeAll(): void {
    this.#isStopped = false;
    this.#running = new AbortController();
    this.#options.changed();
  }

  #add(planned: Runnable, lane: Lane): boolean {
    if (this.#isStopped || this.#catalogue.isSuspended(planned.mirror)) return false;
    const isTaken = this.#queue.add({ ...toQueued(this.#fleet, planned), kind: 'mirror' }, lane);
    this.#options.changed();
    return isTaken;
  }

  #isBusy({ mirror, identity }: Runnable): boolean {
    return this.activityOf(mirror, identity) !== undefined;
  }

  async #every(milliseconds: number, work: () => Promise<void>): Promise<void> {
    const signal = this.#signal;
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (!signal.aborted) this.#warn('The service', toMirrorError(error));
      }
      await this.#pause(milliseconds);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await this.#options.clock.wait(milliseconds, this.#signal).catch(() => undefined);
  }

  /** A listing that failed is repeated; else the newest entries of each source are looked at. */
  async #poll(): Promise<void> {
    const tell = (mirror: string, error: MirrorError) => this.#warn(`${mirror}: the newest entries`, error);
    const isPlanned = (mirror: string, identity: string) => this.#catalogue.isPlanned(mirror, identity);
    if (this.#catalogue.isDue || (await pollAll(this.#fleet, isPlanned, tell))) await this.list();
    else await this.#addDue();
  }

  async #addDue(): Promise<void> {
    const now = this.#options.clock.now();
    for (const planned of this.#catalogue.all) {
      const state = await this.#fleet.store.readRepository(planned.mirror, planned.identity);
      if (state === undefined || state.isPaused || (state.dueAt ?? 0) > now) continue;
      if (this.#isBusy(planned)) continue;
      this.#add(planned, state.lookedAt === undefined ? 'first' : 'due');
    }
  }

  async #run({ planned: queued, kind }: Work, trigger: Lane): Promise<void> {
    // What has waited is run by the present plan, or not at all.
    const planned = this.#catalogue.get(queued.mirror, queued.identity);
    if (planned === undefined || this.#catalogue.isSuspended(planned.mirror)) return;
    this.#options.changed();
    if (kind === 'mirror') await mirrorOne(planned, trigger, this.#running.signal, this.#parts);
    // A run that goes on meanwhile says more.
    else await checkOne(planned, () => this.#isBusy(planned), this.#parts);
    this.#options.changed();
  }

  #warn(what: string, error: MirrorError): void {
    if (error.code === 'fleet-state-locked') {
      this.stopAll();
      this.#lost.abort(error);
    }
    this.#fleet.context.log.warn(`${what}: ${error.message}\n  ${error.remedy} [${error.code}]`);
  }
}
