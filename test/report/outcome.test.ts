import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countRefs, isChange, mergeOutcomes, type RefOutcome } from '../../src/report/outcome';

const values = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40));
const [a = '', b = '', c = ''] = values;
const ref = 'refs/heads/main';

test.each<[string, RefOutcome, RefOutcome, Partial<RefOutcome>]>([
  [
    'a forced update stays one when a fast-forward follows',
    { ref, old: a, new: b, status: 'forced', lost: [a] },
    { ref, old: b, new: c, status: 'fast-forward' },
    { old: a, new: c, status: 'forced', lost: [a] },
  ],
  [
    'a deletion stays told when the ref comes back',
    { ref, old: a, new: undefined, status: 'deleted', lost: [a] },
    { ref, old: undefined, new: b, status: 'new' },
    { old: a, new: b, status: 'forced', lost: [a] },
  ],
  [
    'both lost values of two forced updates',
    { ref, old: a, new: b, status: 'forced', lost: [a] },
    { ref, old: b, new: c, status: 'forced', lost: [b] },
    { old: a, new: c, status: 'forced', lost: [a, b] },
  ],
  [
    'a change that the second attempt finds done',
    { ref, old: a, new: b, status: 'forced', lost: [a] },
    { ref, old: b, new: b, status: 'equal' },
    { old: a, new: b, status: 'forced', lost: [a] },
  ],
  [
    'a refusal after a change',
    { ref, old: a, new: b, status: 'forced', lost: [a] },
    { ref, old: b, new: c, status: 'refused', code: 'ref-declined' },
    { old: a, new: c, status: 'refused', lost: [a], code: 'ref-declined' },
  ],
  [
    'a refusal is over when the second attempt succeeds',
    { ref, old: a, new: b, status: 'refused', code: 'connection-dropped' },
    { ref, old: a, new: b, status: 'fast-forward' },
    { old: a, new: b, status: 'fast-forward' },
  ],
])('%s', (_title, first, second, expected) => {
  expect(mergeOutcomes([first], [second])).toEqual([{ ref, ...expected }]);
});

const oid = fc.constantFrom(...values, undefined);
const name = fc.constantFrom('refs/heads/a', 'refs/heads/a/b', 'refs/heads/b', 'refs/tags/a');

/** A ref that several attempts of one run push to: the values that it had, one after the other. */
const history = fc.array(fc.record({ value: oid, sent: fc.boolean() }), { minLength: 1, maxLength: 5 });

/** What the attempts say: each sees the value before it and either replaces it or leaves it. */
function toOutcomes(
  start: string | undefined,
  steps: readonly { value: string | undefined; sent: boolean }[],
) {
  let old = start;
  const lost: string[] = [];
  const outcomes = steps.map(({ value, sent }): RefOutcome => {
    const common = { ref, old, new: value };
    if (old === value) return { ...common, status: 'equal' };
    if (!sent) return { ...common, status: 'refused', code: 'connection-dropped' };
    const before = old;
    old = value;
    if (before === undefined) return { ...common, status: 'new' };
    lost.push(before);
    return { ...common, status: value === undefined ? 'deleted' : 'forced', lost: [before] };
  });
  return { outcomes, lost };
}

test('however many attempts, every lost value is in the result', () => {
  fc.assert(
    fc.property(oid, history, (start, steps) => {
      const { outcomes, lost } = toOutcomes(start, steps);
      const [merged] = outcomes.map((one) => [one]).reduce((one, two) => [...mergeOutcomes(one, two)]);
      expect(merged?.lost ?? []).toEqual(lost);
      if (lost.length > 0) expect(merged?.status).not.toMatch(/^(new|fast-forward)$/);
    }),
    { numRuns: 1_000 },
  );
});

const someOutcomes = fc.uniqueArray(
  fc.record({ ref: name, old: oid, new: oid, status: fc.constantFrom('equal' as const, 'new' as const) }),
  { selector: (one) => one.ref },
);

test('every ref of the second attempt, and every change of the first, comes once, sorted by name', () => {
  fc.assert(
    fc.property(someOutcomes, someOutcomes, (first, second) => {
      const sorted = [...second].sort((one, two) => (one.ref < two.ref ? -1 : 1));
      const merged = mergeOutcomes(first, sorted);
      const names = new Set([...first.filter(isChange), ...second].map((one) => one.ref));
      expect(merged.map((one) => one.ref)).toEqual([...names].sort());
    }),
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
  const backup = {
    ref: 'refs/heads/mirror-backup/x/heads/gone',
    old: undefined,
    new: value,
    backup: true,
  } as const;
  expect(countRefs([{ ...backup, status: 'new' }, ...refs])).toEqual({
    statuses: {
      equal: 1,
      new: 2,
      'fast-forward': 0,
      forced: 0,
      deleted: 1,
      kept: 1,
      refused: 1,
      unverified: 0,
    },
    changed: 3,
    failed: 1,
    branches: 2,
    tags: 1,
  });
});
