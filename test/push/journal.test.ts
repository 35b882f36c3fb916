import { expect, test } from 'vitest';
import type { Plan } from '../../src/plan/plan';
import { Journal } from '../../src/push/journal';
import { timedOut } from '../../src/system/errors';

const ref = 'refs/heads/main';
const [old, tip] = ['a'.repeat(40), 'b'.repeat(40)];
const plan: Plan = { updates: [{ action: 'force', ref, old, new: tip }], backups: [] };
const equal: Plan = { updates: [{ action: 'none', ref, old: tip, new: tip }], backups: [] };

function createJournal() {
  const log = { warn: () => undefined } as never;
  return new Journal({ log, startedAt: new Date(0) });
}

test('a push that broke off and was completed after the listing took away what it took away', () => {
  const journal = createJournal();
  journal.looked(new Map([[ref, old]]));
  journal.planned(plan);
  journal.sending(plan.updates as never, () => false);
  journal.verified(new Map([[ref, old]]));
  expect(journal.attempted(timedOut('git push'))).toMatchObject([{ status: 'refused', code: 'timed-out' }]);
  journal.looked(new Map([[ref, tip]]));
  journal.planned(equal);
  journal.looked(new Map([[ref, tip]]));
  expect(journal.refs()).toEqual([expect.objectContaining({ ref, status: 'forced', lost: [old] })]);
});

test('what a server refused is not taken for done when somebody else does it', () => {
  const journal = createJournal();
  journal.planned(plan);
  journal.sending(plan.updates as never, () => false);
  journal.answered([{ ref, done: false, reason: 'hook declined' }], undefined, 0);
  journal.verified(new Map([[ref, old]]));
  journal.looked(new Map([[ref, tip]]));
  journal.planned(equal);
  expect(journal.refs()).toEqual([expect.objectContaining({ ref, status: 'equal' })]);
});
