import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob, selectRefs } from '../../src/plan/refs';

const names = [
  'heads/main',
  'heads/release/1',
  'heads/release/1/fix',
  'tags/v1',
  'tags/release/1',
  'notes/x',
  'pull/1/head',
];
const refs = new Map(names.map((name) => [`refs/${name}`, 'a'.repeat(40)]));

function select(include: string[], exclude: string[]): string[] {
  return [...selectRefs(refs, { refs: 'all', include, exclude })].map(([ref]) => ref.slice('refs/'.length));
}

describe('selectRefs', () => {
  it.each([
    [[], [], ['heads/main', 'heads/release/1', 'heads/release/1/fix', 'tags/v1', 'tags/release/1']],
    [['release/*'], [], ['heads/release/1', 'heads/release/1/fix', 'tags/release/1']],
    [['refs/heads/release/*'], [], ['heads/release/1', 'heads/release/1/fix']],
    [['refs/tags/v*'], [], ['tags/v1']],
    [['release/?'], [], ['heads/release/1', 'tags/release/1']],
    [[], ['release/*', 'v*'], ['heads/main']],
    [['release/*'], ['*/fix'], ['heads/release/1', 'tags/release/1']],
    [['Main'], [], []],
    [['refs/notes/*'], [], []],
  ])('include %j, exclude %j', (include, exclude, expected) => {
    expect(select(include, exclude)).toEqual(expected);
  });

  it('takes the one ref that is current', () => {
    const selected = [...selectRefs(refs, { refs: 'current', ref: 'refs/tags/v1' })];
    expect(selected).toEqual([['refs/tags/v1', 'a'.repeat(40)]]);
  });
});

describe('matchesGlob', () => {
  it('agrees with a regular expression of the same meaning', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*', '?'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (glob, name) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesGlob(glob, name)).toBe(new RegExp(`^${source}$`, 's').test(name));
      }),
      { numRuns: 5_000 },
    );
  });

  it('ends soon where a backtracking matcher would not', () => {
    expect(matchesGlob('*a'.repeat(200), `${'a'.repeat(5_000)}b`)).toBe(false);
  });
});
