import { expect, test } from 'vitest';
import type { Outcome } from '../../src/push/verify';
import { createCleaner, createLog } from '../../src/report/log';
import { logOutcome } from '../../src/report/text';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];

/** What is told of an outcome, line by line. */
function tell(outcome: Pick<Outcome, 'refs' | 'verdict'>): string[] {
  let text = '';
  const stream = {
    write(more: string) {
      text += more;
    },
  };
  const log = createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: () => 0 });
  logOutcome({ source: 's', destination: 'd', bytes: 0, fallback: false, ...outcome }, 1, log);
  return text.split('\n').slice(0, -1);
}

test('a backup is told as new, and not as equal at both sides', () => {
  const refs: Outcome['refs'] = [
    { ref: 'refs/heads/main', old: one, new: two, status: 'forced' },
    { ref: 'refs/heads/mirror-backup/x/heads/main', old: undefined, new: one, status: 'new', backup: true },
  ];
  expect(tell({ verdict: 'mirrored', refs })).toEqual([
    `INFO: branch main: 11111111 → 22222222 forced, was ${one}`,
    'INFO: branch mirror-backup/x/heads/main: (none) → 11111111 new',
    '✔ Mirrored: 1 branch and 0 tags are equal at source and destination; 1 new, 1 forced (1.0 s).',
  ]);
});
