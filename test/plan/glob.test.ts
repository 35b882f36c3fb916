import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { matchesWildcards, toGlobTest } from '../../src/plan/glob';

const letters = (...more: string[]) => fc.constantFrom('a', 'b', '.', ...more);

describe('a pattern of known_hosts', () => {
  it('agrees with a regular expression of the same meaning', () => {
    const text = fc.string({ unit: letters('/'), maxLength: 8 });
    const pattern = fc.string({ unit: letters('/', '*', '?'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesWildcards(glob, name)).toBe(new RegExp(`^${source}$`, 's').test(name));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a pattern of refs', () => {
  it.each([
    ['feature/*', 'feature/a', true],
    ['feature/*', 'feature/a/b', false],
    ['feature/**', 'feature/a/b', true],
    ['feature/**', 'feature', false],
    ['**', 'feature/a/b', true],
    ['*', 'feature/a', false],
    ['**/fix', 'release/1/fix', true],
    ['**/fix', 'fix', true],
    ['release/{1,2}.*', 'release/2.0', true],
    ['release/{1,2}.*', 'release/3.0', false],
    ['{a,b{c,d}}', 'bd', true],
    ['a{b', 'a{b', true],
    ['v?', 'v1', true],
    ['v?', 'v10', false],
    ['Main', 'main', false],
    ['a+b(c)!', 'a+b(c)!', true],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(toGlobTest(pattern)(name)).toBe(expected);
  });

  it('means what picomatch makes of it', () => {
    const part = fc.oneof(
      fc.string({ unit: letters('*', '?'), minLength: 1, maxLength: 4 }).filter((text) => !/\*\*/.test(text)),
      fc.constantFrom('**', '{a,b}', '*.{a,b}'),
    );
    const pattern = fc
      .array(part, { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'))
      // picomatch takes these for folders of a file system.
      .filter((text) => !/(^|\/)\.{1,2}(\/|$)/.test(text));
    const name = fc
      .array(fc.string({ unit: letters(), minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'))
      // No ref has such a part (git-check-ref-format(1)).
      .filter((text) => !/(^|\/)\.|\.\.|\.(\/|$)/.test(text));
    fc.assert(
      fc.property(pattern, name, (glob, text) => {
        const toTest = (each: string) =>
          picomatch(each, { dot: true, nonegate: true, noextglob: true, nobracket: true });
        const expected = toTest(glob);
        // picomatch takes `a/**` for `a`, too.
        if (/\/\*\*$/.test(glob) && toTest(glob.replace(/(\/\*\*)+$/, ''))(text)) return;
        expect([glob, text, toGlobTest(glob)(text)]).toEqual([glob, text, expected(text)]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('ends soon where a backtracking matcher would not', () => {
    expect(toGlobTest('*a'.repeat(200))(`${'a'.repeat(5_000)}b`)).toBe(false);
    expect(toGlobTest(`${'**/a/'.repeat(200)}b`)(`${'a/'.repeat(5_000)}c`)).toBe(false);
  });
});
