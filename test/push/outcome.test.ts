import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addOutcome,
  countRefs,
  isChange,
  type Outcome,
  type RefOutcome,
  toAllRefs,
  toExitCode,
  toVerdict,
} from '../../src/push/outcome';
import { Sequence } from '../../src/sequence';

const oid = fc.constantFrom('a'.repeat(40), 'b'.repeat(40), undefined);
const name = fc.constantFrom('refs/heads/a', 'refs/heads/a/b', 'refs/heads/b', 'refs/tags/a', 'refs/tags/b');
const failed = fc.record({
  status: fc.constantFrom('kept' as const, 'refused' as const),
  code: fc.constantFrom('ref-diverged' as const, 'lease-broken' as const),
});
const fine = fc.record({
  status: fc.constantFrom(
    'equal' as const,
    'new' as const,
    'forced' as const,
    'deleted' as const,
    'kept' as const,
  ),
});
const outcome = fc
  .tuple(fc.record({ ref: name, old: oid, new: oid }), fc.oneof(failed, fine))
  .map(([values, more]): RefOutcome => ({ ...values, ...more }));
const outcomes = fc
  .uniqueArray(outcome, { selector: ({ ref }) => ref })
  .map((all) => all.sort((one, two) => (one.ref < two.ref ? -1 : 1)));
const backups = fc.array(
  fc.record({ ref: fc.constant('refs/heads/mirror-backup/x'), old: fc.constant(undefined), new: oid }),
  { maxLength: 2 },
);

function toOutcome(refs: readonly RefOutcome[], kept: readonly Omit<RefOutcome, 'status'>[]): Outcome {
  const all = {
    refs: new Sequence(() => refs),
    backups: new Sequence(() => kept.map((one) => ({ ...one, status: 'new', backup: true }) as const)),
  };
  const counts = countRefs(all);
  const about = { source: 's', destination: 'd', bytes: 3, fallback: false };
  return { ...about, ...all, counts, verdict: toVerdict(counts) };
}

test('of two attempts every change stays told, with the value that it replaced, and the rest is as the second saw it', () => {
  fc.assert(
    fc.property(outcomes, outcomes, backups, backups, (one, two, keptBefore, keptNow) => {
      const [first, second] = [toOutcome(one, keptBefore), toOutcome(two, keptNow)];
      const merged = addOutcome(first, second);
      const expected = new Map(two.map((now) => [now.ref, now]));
      for (const change of one.filter(isChange)) {
        const now = expected.get(change.ref);
        const isOver = now === undefined || now.status === 'equal';
        expected.set(change.ref, isOver ? change : { ...now, old: change.old });
      }
      const inOrder = [...expected.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1));
      expect([...merged.refs]).toEqual(inOrder);
      expect([...toAllRefs(merged)]).toEqual([...first.backups, ...second.backups, ...inOrder]);
      expect(merged.counts).toEqual(countRefs(merged));
      expect(merged.bytes).toBe(6);
      const isFailed = inOrder.some(({ code }) => code !== undefined);
      expect(toExitCode(merged)).toBe(isFailed ? 1 : 0);
      if (isFailed) expect(merged.verdict).toBe('not-mirrored');
      else if ([...toAllRefs(merged)].some(isChange)) expect(merged.verdict).toBe('mirrored');
      else expect(merged.verdict).toBe('already-equal');
    }),
    { numRuns: 2_000 },
  );
});

test('refs are counted by what became of them, and by what the source has', () => {
  const value = 'a'.repeat(40);
  const refs: RefOutcome[] = [
    { ref: 'refs/heads/equal', old: value, new: value, status: 'equal' },
    { ref: 'refs/heads/gone', old: value, new: undefined, status: 'deleted' },
    {
      ref: 'refs/heads/lost',
      old: value,
      new: value,
      status: 'refused',
      code: 'lease-broken',
      contested: true,
    },
    { ref: 'refs/tags/kept', old: value, new: undefined, status: 'kept' },
    { ref: 'refs/tags/new', old: undefined, new: value, status: 'new' },
  ];
  const kept = [{ ref: 'refs/heads/mirror-backup/x/heads/gone', old: undefined, new: value }];
  expect(toOutcome(refs, kept).counts).toEqual({
    statuses: { equal: 1, new: 2, 'fast-forward': 0, forced: 0, deleted: 1, kept: 1, refused: 1 },
    changed: 3,
    failed: 1,
    contested: 1,
    branches: 2,
    tags: 1,
  });
});
