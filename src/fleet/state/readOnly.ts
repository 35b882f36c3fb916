import { join } from 'node:path';
import { currentFormat } from './format';
import { readJournal } from './journalFile';
import { createMemory } from './memory';
import type { FleetStore } from './store';

/**
 * Reads the state in this folder as it is now, while another process may go on writing it; empty where there is none.
 * `write` is refused. Throws MirrorError `fleet-state-damaged`.
 */
export async function readStore(folder: string): Promise<FleetStore> {
  const memory = createMemory();
  await readJournal(join(folder, 'state.jsonl'), currentFormat, (change) => memory.apply(change));
  return {
    readRepositories: async (mirror) => memory.repositories(mirror),
    readRepository: async (mirror, identity) => memory.repository(mirror, identity),
    readRuns: async (mirror, identity) => memory.runs(mirror, identity),
    readMirror: async (mirror) => memory.mirror(mirror),
    write: () => Promise.reject(new Error('this state was opened to be read')),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
