import { randomUUID } from 'node:crypto';
import type { Log } from '../../../system/context';
import { toMirrorError } from '../../../system/errors';
import { acceptListing } from '../../run/savePlan';
import type { Action, PageService } from '../../service/page/pageService';
import type { FleetStore } from '../../state/store';
import { updateRepository } from '../../state/update';
import type { Queue } from '../resources/sqsQueue';

interface StackServiceParts {
  readonly store: Pick<FleetStore, 'readMirror' | 'readRepository' | 'write' | 'update'>;
  readonly queue: Queue;
  readonly log: Pick<Log, 'failure'>;
}

/** Nothing here stops the functions of a stack, and who compares both sides without pushing is `fleet check`. */
export const stackActions: ReadonlySet<Action> = new Set([
  'mirror',
  'mirror-all',
  'list',
  'accept-listing',
  'pause',
  'resume',
] as const);

/** What the status page does with a stack: it writes states, and puts messages into the queue. */
export function openStackService({ store, queue, log }: StackServiceParts): PageService {
  async function look(mirror: string, identity: string): Promise<void> {
    const state = await store.readRepository(mirror, identity);
    if (state === undefined) return;
    const place = { mirror, identity, path: state.path };
    await queue.send([{ version: 1, place, reason: 'asked', id: randomUUID(), continued: 0 }]);
  }
  async function list(isWhole: boolean, asked?: string): Promise<void> {
    await queue.send([{ version: 1, list: { isWhole, asked }, id: randomUUID() }]);
  }
  return {
    isStopped: false,
    // What waits and runs is at AWS.
    counts: { webhook: 0, asked: 0, due: 0, first: 0, running: 0 },
    activityOf: () => undefined,
    ask(mirror, identity) {
      look(mirror, identity).catch((error) => log.failure(toMirrorError(error).message));
      return true;
    },
    askAll: () => list(false, '*'),
    list: () => list(true),
    async acceptListing(mirror) {
      await acceptListing({ store }, mirror);
      await list(true);
    },
    async pause(mirror, identity, isPaused) {
      await updateRepository(store, { mirror, identity }, (state) =>
        state === undefined ? [] : [{ kind: 'repository', state: { ...state, isPaused } }],
      );
    },
    check: () => false,
    stopAll: () => undefined,
    resumeAll: () => undefined,
  };
}
