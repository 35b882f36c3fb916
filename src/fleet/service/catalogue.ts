import { hasCode } from '../../errors';
import type { PlannedRepository } from '../plan/decision';
import type { Fleet } from '../run/fleet';
import { isRunnable, type Runnable } from '../run/prepareDestination';
import { type MirrorProblem, readPlan } from '../run/readPlan';
import { isShrunken, savePlan } from '../run/savePlan';

/** A key of one repository of one mirror. */
export const toKey = (mirror: string, identity: string) => `${mirror} ${identity}`;

/** What may be mirrored, by the last plan. */
export class Catalogue {
  readonly #fleet: Fleet;
  #runnable: ReadonlyMap<string, Runnable> = new Map();
  /** The keys of all repositories of the last plan, also of those that are left out. */
  #planned: ReadonlySet<string> = new Set();
  #suspended = new Set<string>();
  #isDue = true;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  readonly #tell: (problem: MirrorProblem) => void;

  constructor(fleet: Fleet, tell: (problem: MirrorProblem) => void) {
    this.#fleet = fleet;
    this.#tell = tell;
  }

  get all(): readonly Runnable[] {
    return [...this.#runnable.values()];
  }

  get(mirror: string, identity: string): Runnable | undefined {
    return this.#runnable.get(toKey(mirror, identity));
  }

  /** Whether the last plan has a decision for this repository, also that it is left out. */
  isPlanned(mirror: string, identity: string): boolean {
    return this.#planned.has(toKey(mirror, identity));
  }

  /** A listing failed, or what runs has met a world that is not that of the plan. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Whether nothing of this mirror is run before its sides are listed again: its token is refused. */
  isSuspended(mirror: string): boolean {
    return this.#suspended.has(mirror);
  }

  suspend(mirror: string): void {
    this.#suspended.add(mirror);
    this.#isDue = true;
  }

  /** The plan is no longer true: it is made again soon. */
  expire(): void {
    this.#isDue = true;
  }

  /** Lists all sources and plans. Resolved when a listing that began after this moment has ended. */
  async list(): Promise<void> {
    if (this.#running === undefined) return await this.#start();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    await this.#next;
  }

  #start(): Promise<void> {
    this.#running = this.#list().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #list(): Promise<void> {
    const { configuration, context } = this.#fleet;
    const plan = await readPlan(this.#fleet, configuration.mirrors);
    for (const problem of plan.problems) this.#tell(problem);
    await savePlan(this.#fleet, plan, plan.repositories);
    this.#replace(plan.repositories, plan.problems);
    context.log.debug(`Listed ${plan.repositories.length} repositories.`);
  }

  /** What a source that can't be listed had before stays; all at once, so that no webhook falls between. */
  #replace(planned: readonly PlannedRepository[], problems: readonly MirrorProblem[]): void {
    // What a listing that is too short has, is planned as always.
    const failed = problems.filter(({ error }) => !isShrunken(error));
    const unlisted = new Set(failed.map(({ mirror }) => mirror));
    const kept = [...this.#runnable].filter(([, { mirror }]) => unlisted.has(mirror));
    const fresh = planned
      .filter(isRunnable)
      .map((each): [string, Runnable] => [toKey(each.mirror, each.identity), each]);
    this.#runnable = new Map([...kept, ...fresh]);
    this.#planned = new Set(planned.map(({ mirror, identity }) => toKey(mirror, identity)));
    const refused = problems.filter(({ error }) => hasCode(error, ['fleet-token-refused']));
    this.#suspended = new Set(refused.map(({ mirror }) => mirror));
    this.#isDue = failed.length > 0;
  }
}
