import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRefTables } from '../src/refTables';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccm-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const value = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{40}$/),
  fc.constantFrom('', 'pre-receive hook\tdeclined: é'),
);
const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\t\n]/.test(text)),
  // Names that begin alike, and those that JavaScript sorts otherwise than their bytes.
  fc.constantFrom(
    'refs/heads/a',
    'refs/heads/a/b',
    'refs/heads/a.b',
    'refs/heads/\u{1f600}',
    'refs/heads/\uffe6',
  ),
);
const entries = fc.array(fc.tuple(name, value), { maxLength: 60 });

test('a table has what a Map of the same entries has, in the order of names, few or many', () => {
  fc.assert(
    fc.property(entries, name, fc.nat({ max: 20 }), (pairs, other, fewAtMost) => {
      using tables = openRefTables({ env: { TMPDIR: folder } }, fewAtMost);
      const map = new Map(pairs);
      const table = tables.gather(pairs);
      expect(table instanceof Map).toBe(map.size <= fewAtMost);
      const sorted = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
      expect([...table]).toEqual(sorted);
      expect([...table.keys()]).toEqual(sorted.map(([ref]) => ref));
      expect([...table.values()]).toEqual(sorted.map(([, text]) => text));
      expect(table.size).toBe(map.size);
      for (const ref of [...map.keys(), other, '']) {
        expect(table.get(ref)).toBe(map.get(ref));
        expect(table.has(ref)).toBe(map.has(ref));
      }
    }),
    { numRuns: 2_000 },
  );
});

/** 100,000 refs, each with another object ID. */
const many = Array.from({ length: 100_000 }, (_, index): [string, string] => [
  `refs/tags/${String(index).padStart(6, '0')}`,
  index.toString(16).padStart(40, '0'),
]);
const shuffled = many.map((_, index): [string, string] => many[(index * 7_919) % many.length] ?? ['', '']);

test.each<[string, readonly (readonly [string, string])[]]>([
  ['in order', many],
  ['backwards', [...many].reverse()],
  ['in no order', shuffled],
  ['twice, the later ones right', [...shuffled.map(([ref]) => [ref, 'wrong'] as const), ...shuffled]],
])('many refs that come %s', (_title, pairs) => {
  using tables = openRefTables({ env: { TMPDIR: folder } });
  const table = tables.gather(pairs);
  expect(table.size).toBe(many.length);
  expect([...table]).toEqual(many);
  expect(many.filter(([ref, oid]) => table.get(ref) !== oid)).toEqual([]);
  expect(shuffled.slice(0, 1_000).filter(([ref, oid]) => table.get(ref) !== oid)).toEqual([]);
});

test('two tables can be read side by side, and nothing of them has a name', async () => {
  using tables = openRefTables({ env: { TMPDIR: folder } });
  const [one, two] = [tables.gather(many), tables.gather(shuffled)];
  for (const [ref, oid] of one) if (two.get(ref) !== oid) throw new Error(ref);
  expect(await readdir(folder)).toEqual([]);
});

test('a table can no longer be read when the tables are closed', () => {
  const tables = openRefTables({ env: { TMPDIR: folder } }, 0);
  const table = tables.gather([['refs/heads/main', 'a']]);
  tables[Symbol.dispose]();
  expect(() => [...table]).toThrow('EBADF');
});
