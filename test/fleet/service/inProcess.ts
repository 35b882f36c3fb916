import { join } from 'node:path';
import { readConfiguration } from '../../../src/fleet/configuration/configuration';
import { type Clock, systemClock } from '../../../src/fleet/hosts/api/limiter';
import { openFleet } from '../../../src/fleet/run/fleet';
import { createRunLogs } from '../../../src/fleet/service/runLogs';
import { FleetService } from '../../../src/fleet/service/service';
import { openJournalStore } from '../../../src/fleet/state/journalStore';
import type { FleetStore } from '../../../src/fleet/state/store';
import { openSession } from '../../../src/program/session';
import { destinationToken, type FleetHosts, openFleetHosts, sourceToken } from '../command/fleetHosts';

/** The service in this process, whose time passes when a test says so. */
export interface InProcess extends AsyncDisposable {
  readonly hosts: FleetHosts;
  readonly service: FleetService;
  readonly store: FleetStore;
  /** What the log has so far. */
  output(): string;
  /** Lets time pass. */
  advance(milliseconds: number): void;
  identityOf(name: string): string;
}

/** A clock that stands still but for the real time, which counts little, and what `advance` adds. */
function createManualClock() {
  let ahead = 0;
  const waiting = new Set<{ readonly end: number; readonly resolve: () => void }>();
  const now = () => Date.now() + ahead;
  const clock: Clock = {
    now,
    wait: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const one = { end: now() + milliseconds, resolve };
        waiting.add(one);
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  function advance(milliseconds: number): void {
    ahead += milliseconds;
    for (const one of [...waiting]) {
      if (one.end > now()) continue;
      waiting.delete(one);
      one.resolve();
    }
  }
  return { clock, advance };
}

/** Runs the service over hosts that `prepare` has filled. */
export async function openInProcess(
  prepare: (hosts: FleetHosts) => Promise<unknown> | unknown,
): Promise<InProcess> {
  const hosts = await openFleetHosts();
  await prepare(hosts);
  const work = join(hosts.root, 'work');
  const env = {
    PATH: process.env['PATH'],
    HOME: join(hosts.root, 'home'),
    TMPDIR: join(hosts.root, 'tmp'),
    GITHUB_TOKEN: sourceToken,
    GITLAB_TOKEN: destinationToken,
  };
  let text = '';
  const stdout = { write: (piece: string) => (text += piece) };
  const ending = new AbortController();
  const session = openSession({ env, stdout, signal: ending.signal }, []);
  const store = await openJournalStore(join(work, 'state'));
  const configuration = await readConfiguration(join(work, 'mirrors.yaml'));
  const { clock, advance } = createManualClock();
  const noAws = { readSecret: async () => undefined, readParameter: async () => undefined };
  // Hosts wait in real time: a pause between two requests is short.
  const hostClock = { now: clock.now, wait: systemClock.wait };
  const fleet = await openFleet(configuration, store, session.context, noAws, hostClock);
  const logs = createRunLogs(join(work, 'logs'), session.clean, session.context.log.conceal, clock.now);
  const changed = () => undefined;
  const service = new FleetService(fleet, { clock, random: () => 0.5, logs, changed });
  const running = service.run();
  return {
    hosts,
    service,
    store,
    output: () => text,
    advance,
    identityOf(name) {
      const { host } = new URL(hosts.github.url);
      return `${host}#${hosts.github.repositories.find('acme', name)?.id}`;
    },
    async [Symbol.asyncDispose]() {
      ending.abort('SIGTERM');
      await running;
      await store[Symbol.asyncDispose]();
      session[Symbol.dispose]();
      await hosts[Symbol.asyncDispose]();
    },
  };
}
