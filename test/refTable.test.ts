import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gatherRefs } from '../src/refTable';

const oid = fc.stringMatching(/^[0-9a-f]{40}$/);
const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  // Names that begin alike, and those that JavaScript sorts otherwise than their bytes.
  fc.constantFrom(
    'refs/heads/a',
    'refs/heads/a/b',
    'refs/heads/a.b',
    'refs/heads/\u{1f600}',
    'refs/heads/\uffe6',
  ),
);
const entries = fc.array(fc.tuple(name, oid), { maxLength: 60 });

test('a table has what a Map of the same entries has, in the order of bytes', () => {
  fc.assert(
    fc.property(entries, name, fc.nat({ max: 20 }), (pairs, other, fewAtMost) => {
      const map = new Map(pairs);
      const table = gatherRefs(pairs, fewAtMost);
      // Few stay as they came.
      if (map.size <= fewAtMost) expect(table).toEqual(map);
      if (table instanceof Map) return;
      const sorted = [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect([...table]).toEqual(sorted);
      expect([...table.keys()]).toEqual(sorted.map(([ref]) => ref));
      expect([...table.values()]).toEqual(sorted.map(([, value]) => value));
      expect(table.size).toBe(map.size);
      for (const ref of [...map.keys(), other, '']) {
        expect(table.get(ref)).toBe(map.get(ref));
        expect(table.has(ref)).toBe(map.has(ref));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a table grows as far as it must', () => {
  const pairs = Array.from({ length: 50_000 }, (_, index): [string, string] => [
    `refs/tags/${index}`,
    index.toString(16).padStart(40, '0'),
  ]);
  const table = gatherRefs(pairs);
  expect(table.size).toBe(pairs.length);
  expect(pairs.filter(([ref, value]) => table.get(ref) !== value)).toEqual([]);
});
