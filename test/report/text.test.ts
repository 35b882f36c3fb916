import { expect, test } from 'vitest';
import { createCleaner, createLog } from '../../src/report/log';
import { countRefs, type RefOutcome, type Verdict } from '../../src/report/outcome';
import { logOutcome } from '../../src/report/text';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];

/** What is told of an outcome, line by line. */
function tell(verdict: Verdict, refs: readonly RefOutcome[], kept: readonly RefOutcome[]): string[] {
  let text = '';
  const stream = {
    write(more: string) {
      text += more;
    },
  };
  const log = createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: () => 0 });
  const all = [...kept, ...refs];
  logOutcome({ verdict, bytes: 0, fallback: false, refs: all, counts: countRefs(all) }, 1, log);
  return text.split('\n').slice(0, -1);
}

test('a backup is told as new, and not as equal at both sides', () => {
  const name = 'mirror-backup/x/heads/main';
  const forced = { ref: 'refs/heads/main', old: one, new: two, status: 'forced', lost: [one] } as const;
  const backup = {
    ref: `refs/heads/${name}`,
    old: undefined,
    new: one,
    status: 'new',
    backup: true,
  } as const;
  expect(tell('mirrored', [forced], [backup])).toEqual([
    `INFO: branch ${name}: (none) → 11111111 new`,
    `INFO: branch main: 11111111 → 22222222 forced, was ${one}`,
    '✔ Mirrored: 1 branch and 0 tags are equal at source and destination; 1 new, 1 forced (1.0 s).',
  ]);
});

test('a lost value is always logged, however many lines there are', () => {
  const refs = Array.from(
    { length: 250 },
    (_, index): RefOutcome => ({
      ref: `refs/heads/a${1_000 + index}`,
      old: undefined,
      new: two,
      status: 'new',
    }),
  );
  const forced: RefOutcome = { ref: 'refs/heads/main', old: one, new: two, status: 'forced', lost: [one] };
  const lines = tell('mirrored', [...refs, forced], []);
  expect(lines.slice(-3)).toEqual([
    `INFO: branch main: 11111111 → 22222222 forced, was ${one}`,
    'INFO: … and 50 more refs. Set REPORT_FILE to list all of them.',
    '✔ Mirrored: 251 branches and 0 tags are equal at source and destination; 250 new, 1 forced (1.0 s).',
  ]);
  expect(lines).toHaveLength(203);
});
