// A process that writes to a store until it is killed, or until a write is refused. It tells each write that is saved.
import { writeSync } from 'node:fs';
import { openJournalStore } from '../../../src/fleet/state/journalStore';
import { toNewState } from '../../../src/fleet/state/repositoryState';
import type { StateChange } from '../../../src/fleet/state/store';

const [, , folder = '', start = '0', count = '1'] = process.argv;

/** Two repositories that always have the same number, and a run of that number: one write is all of it or nothing. */
function toChanges(writer: number, number: number): readonly StateChange[] {
  const states = ['a', 'b'].map((half): StateChange => {
    const state = toNewState('one', `h#${writer}${half}`, 'x'.repeat(number % 300));
    return { kind: 'repository', state: { ...state, failures: number } };
  });
  const run = { startedAt: number, took: 1, trigger: 'due', outcome: 'equal', changes: 0 } as const;
  return [...states, { kind: 'runs', mirror: 'one', identity: `h#${writer}a`, runs: [run] }];
}

async function writeOn(): Promise<void> {
  await using store = await openJournalStore(folder, { slack: 20_000 });
  writeSync(1, 'open\n');
  const writers = Array.from({ length: Number(count) }, async (_, writer) => {
    for (let number = Number(start); ; number++) {
      await store.write(toChanges(writer, number));
      writeSync(1, `${writer} ${number}\n`);
    }
  });
  await Promise.all(writers);
}

writeOn().catch((error: unknown) => {
  writeSync(1, `refused ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`);
  process.exit(3);
});
