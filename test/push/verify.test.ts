import { expect, test } from 'vitest';
import type { Plan, RefUpdate } from '../../src/plan/plan';
import { judgeOutcomes, toPlannedOutcomes } from '../../src/push/verify';
import { connectionDropped } from '../../src/remote/destinationErrors';

const [old, wanted, other] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
const ref = 'refs/heads/main';
const force: RefUpdate = { action: 'force', ref, old, new: wanted };
const equal: RefUpdate = { action: 'none', ref, old, new: old };
const failure = connectionDropped('ssh://there', 'closed');

const done = '+';

function toPlan(update: RefUpdate): Plan {
  return { updates: [update], backups: [] };
}

/** What is said of one update that was sent, when git answered this and the destination then has that. */
function judge(update: RefUpdate, said: string | undefined, now: string | undefined): string {
  const answer = said === undefined ? [] : [{ ref, done: said === done, reason: said.slice(1) }];
  const after = new Map(now === undefined ? [] : [[ref, now]]);
  return tell(update, { sent: new Set([ref]), answers: new Map(answer.map((one) => [ref, one])), after });
}

function tell(update: RefUpdate, pushed: Parameters<typeof judgeOutcomes>[1]): string {
  const [outcome] = judgeOutcomes(toPlan(update), pushed);
  const { status, code = '', reason = '', lost = [], contested } = outcome ?? { status: 'nothing' };
  const was = lost.length === 0 ? '' : `was ${lost}`;
  return [status, code, reason, was, contested ? 'contested' : ''].filter((text) => text !== '').join(': ');
}

test.each([
  ['done and seen', force, done, wanted, `forced: was ${old}`],
  ['seen, though nothing was said', force, undefined, wanted, `forced: was ${old}`],
  [
    'said, but not done',
    force,
    done,
    old,
    'refused: not-equal: the server reported success, but the ref is unchanged',
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
    `refused: lease-broken: somebody else set it to ${other} during the push; a mirror has one writer: contested`,
  ],
  [
    'deleted by somebody else',
    force,
    done,
    undefined,
    `refused: lease-broken: somebody else deleted it during the push; a mirror has one writer: was ${old}: contested`,
  ],
  ['equal before and after', equal, undefined, old, 'equal'],
  [
    'equal before, not after',
    equal,
    undefined,
    other,
    `refused: lease-broken: somebody else set it to ${other} during the push; a mirror has one writer: contested`,
  ],
  [
    'kept as it diverged, whatever is there',
    { action: 'keep', ref, old, new: wanted, because: 'diverged' } as const,
    undefined,
    other,
    'kept: ref-diverged: the destination has commits that the source does not have',
  ],
])('a ref that was %s', (_title, update, said, now, expected) => {
  expect(judge(update, said, now)).toBe(expected);
});

const nothing = { sent: new Set<string>(), answers: new Map() };

test('a ref that was not sent, as the run ended earlier', () => {
  const expected = 'refused: connection-dropped: not attempted: the run ended earlier';
  expect(tell(force, { ...nothing, failure })).toBe(expected);
  expect(tell(force, { ...nothing, failure, after: new Map([[ref, old]]) })).toBe(expected);
  expect(tell(equal, { ...nothing, failure })).toBe('equal');
});

test('a destination that could not be read after the push: what may be lost is said', () => {
  const sent = { ...nothing, sent: new Set([ref]), failure };
  const unverified = 'unverified: connection-dropped: sent; the destination could not be read afterwards';
  expect(tell(force, sent)).toBe(`${unverified}: was ${old}`);
  expect(tell({ action: 'create', ref, old: undefined, new: wanted }, sent)).toBe(unverified);
  const refused = new Map([[ref, { ref, done: false, reason: 'hook declined' }]]);
  expect(tell(force, { ...sent, answers: refused })).toBe('refused: ref-declined: declined: hook declined');
});

test('a dry run: as if the plan had been carried out', () => {
  expect(toPlannedOutcomes(toPlan(force))).toEqual([
    { ref, old, new: wanted, status: 'forced', lost: [old] },
  ]);
  expect(toPlannedOutcomes(toPlan(equal))).toEqual([{ ref, old, new: old, status: 'equal' }]);
});
