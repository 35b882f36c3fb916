import { expect, test } from 'vitest';
import { connectionDropped } from '../../src/errors';
import type { Plan, RefUpdate } from '../../src/plan/plan';
import { done, type Pushed } from '../../src/push/push';
import { judgeOutcomes, toFailedOutcomes, toPlannedOutcomes } from '../../src/push/verify';
import { Sequence } from '../../src/sequence';

const [old, wanted, other] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
const ref = 'refs/heads/main';
const force: RefUpdate = { action: 'force', ref, old, new: wanted };
const equal: RefUpdate = { action: 'none', ref, old, new: old };
const failure = connectionDropped('ssh://there', 'closed');

function toPlan(update: RefUpdate): Plan {
  return { updates: new Sequence(() => [update]), backups: new Sequence(() => []) };
}

/** What is told of one update, when git said this of it and the destination then has that. */
function judge(update: RefUpdate, said: string | undefined, now: string | undefined, isCut = false): string {
  const answers = new Map(said === undefined ? [] : [[ref, said]]);
  const pushed: Pushed = { pushes: 1, bytes: 0, said: answers, ...(isCut && { failure }) };
  const after = new Map(now === undefined ? [] : [[ref, now]]);
  const [outcome] = judgeOutcomes(toPlan(update), pushed, after).refs;
  const { status, code = '', reason = '', contested } = outcome ?? { status: 'nothing' };
  return [status, code, reason, contested ? 'contested' : ''].filter((text) => text !== '').join(': ');
}

test.each([
  ['done and seen', force, done, wanted, 'forced'],
  ['seen, though nothing was said', force, undefined, wanted, 'forced'],
  [
    'said, but not done',
    force,
    done,
    old,
    'refused: not-equal: the server said that it did this, and did not',
  ],
  ['declined', force, '-hook declined', old, 'refused: ref-declined: declined: hook declined'],
  ['declined without a reason', force, '-', old, 'refused: ref-declined: declined: '],
  ['no answer', force, undefined, old, 'refused: ref-declined: declined: the server gave no answer'],
  [
    'locked by another push',
    force,
    '-failed to update ref',
    old,
    'refused: ref-declined: declined: failed to update ref: contested',
  ],
  [
    'changed by somebody else',
    force,
    '-stale info',
    other,
    `refused: lease-broken: somebody else set it to ${other} meanwhile; a mirror has one writer: contested`,
  ],
  [
    'deleted by somebody else',
    force,
    done,
    undefined,
    'refused: lease-broken: somebody else deleted it meanwhile; a mirror has one writer: contested',
  ],
  ['equal before and after', equal, undefined, old, 'equal'],
  [
    'equal before, not after',
    equal,
    undefined,
    other,
    `refused: lease-broken: somebody else set it to ${other} meanwhile; a mirror has one writer: contested`,
  ],
  [
    'kept as it diverged, whatever is there',
    { action: 'keep', ref, old, new: wanted, because: 'diverged' } as const,
    undefined,
    other,
    'kept: ref-diverged: the destination has commits that the source has not; FORCE: true replaces them',
  ],
])('a ref that was %s', (_title, update, said, now, expected) => {
  expect(judge(update, said, now)).toBe(expected);
});

test('a ref that was not reached, as the push before it broke off', () => {
  expect(judge(force, undefined, old, true)).toBe(
    'refused: connection-dropped: not pushed: the run failed before its turn',
  );
});

test('a plan that is not carried out: as if it had been, or with what stood in its way', () => {
  expect([...toPlannedOutcomes(toPlan(force)).refs]).toEqual([{ ref, old, new: wanted, status: 'forced' }]);
  expect([...toPlannedOutcomes(toPlan(equal)).refs]).toEqual([{ ref, old, new: old, status: 'equal' }]);
  expect([...toFailedOutcomes(toPlan(equal), failure).refs]).toEqual([
    { ref, old, new: old, status: 'equal' },
  ]);
  expect([...toFailedOutcomes(toPlan(force), failure).refs]).toMatchObject([
    { ref, status: 'refused', code: 'connection-dropped' },
  ]);
});
