import type { Clock } from '../hosts/api/limiter';
import type { Fleet } from '../run/fleet';
import type { Runnable } from '../run/prepareDestination';
import { planLookAfterHook } from '../schedule/due';
import { toKey } from './catalogue';

export interface HookLooksOptions {
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** Asks for a look now. */
  readonly look: (planned: Runnable) => void;
}

/**
 * The looks that a webhook causes. The host's git may not have yet what its webhook tells of, so a look that finds nothing
 * is repeated. However many webhooks come for one repository, one series of looks is waited for: the last one's.
 */
export class HookLooks {
  readonly #options: HookLooksOptions;
  readonly #series = new Map<string, symbol>();

  constructor(options: HookLooksOptions) {
    this.#options = options;
  }

  async begin(planned: Runnable): Promise<void> {
    const before = await this.#read(planned);
    if (before?.isPaused === true) return;
    const key = toKey(planned.mirror, planned.identity);
    const series = Symbol(key);
    this.#series.set(key, series);
    this.#options.look(planned);
    void this.#follow(planned, series, before?.changedAt)
      .catch(() => undefined)
      .finally(() => {
        if (this.#series.get(key) === series) this.#series.delete(key);
      });
  }

  async #follow(planned: Runnable, series: symbol, changedAt: number | undefined): Promise<void> {
    const { clock, fleet, look } = this.#options;
    for (let number = 1; ; number++) {
      const delay = planLookAfterHook(number);
      if (delay === undefined) return;
      await clock.wait(delay, fleet.context.signal);
      if (this.#series.get(toKey(planned.mirror, planned.identity)) !== series) return;
      const now = await this.#read(planned);
      if (now?.isPaused === true || now?.changedAt !== changedAt) return;
      look(planned);
    }
  }

  #read({ mirror, identity }: Runnable) {
    return this.#options.fleet.store.readRepository(mirror, identity);
  }
}
