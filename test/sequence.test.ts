import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pairUp, Sequence, toPieces } from '../src/sequence';

test('a sequence does what an array does, each time that it is read', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer()),
      fc.array(fc.integer()),
      fc.integer({ min: 1, max: 5 }),
      (items, more, most) => {
        const sequence = new Sequence(() => items);
        const isEven = (item: number) => item % 2 === 0;
        const toTwo = (item: number) => [item, -item];
        for (const _time of [1, 2]) {
          expect([...sequence.map(String)]).toEqual(items.map(String));
          expect([...sequence.filter(isEven)]).toEqual(items.filter(isEven));
          expect([...sequence.flatMap(toTwo)]).toEqual(items.flatMap(toTwo));
          expect([...sequence.concat(more)]).toEqual(items.concat(more));
          expect(sequence.take(most)).toEqual(items.slice(0, most));
          expect(sequence.count()).toBe(items.length);
          expect(sequence.some(isEven)).toBe(items.some(isEven));
          expect(sequence.isEmpty()).toBe(items.length === 0);
        }
        const pieces = [...toPieces(sequence, most)];
        expect(pieces.flat()).toEqual(items);
        expect(pieces.slice(0, -1).every((piece) => piece.length === most)).toBe(true);
      },
    ),
  );
});

test('what is not read is not made', () => {
  let made = 0;
  const endless = new Sequence(function* () {
    for (;;) yield made++;
  });
  expect(endless.filter((item) => item > 2).take(2)).toEqual([3, 4]);
  expect(made).toBe(5);
});

test('two ordered sequences pair up by name, and nothing of them is lost or doubled', () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'a/b', 'b', 'c', 'd', 'e')).map((some) => some.sort());
  fc.assert(
    fc.property(names, names, (first, second) => {
      const toItems = (some: readonly string[]) => some.map((ref) => ({ ref }));
      const pairs = [...pairUp(toItems(first), toItems(second))].map(([one, two]) => [one?.ref, two?.ref]);
      const all = [...new Set([...first, ...second])].sort();
      const find = (some: readonly string[], ref: string) => (some.includes(ref) ? ref : undefined);
      expect(pairs).toEqual(all.map((ref) => [find(first, ref), find(second, ref)]));
    }),
  );
});
