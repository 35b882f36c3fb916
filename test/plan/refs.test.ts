import { describe, expect, it } from 'vitest';
import { selectRefs } from '../../src/plan/refs';

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
    [['**'], [], ['heads/main', 'heads/release/1', 'heads/release/1/fix', 'tags/v1', 'tags/release/1']],
    [['*'], [], ['heads/main', 'tags/v1']],
    [['release/*'], [], ['heads/release/1', 'tags/release/1']],
    [['release/**'], [], ['heads/release/1', 'heads/release/1/fix', 'tags/release/1']],
    [['refs/heads/release/**'], [], ['heads/release/1', 'heads/release/1/fix']],
    [['{main,v?}'], [], ['heads/main', 'tags/v1']],
    [['refs/tags/v*'], [], ['tags/v1']],
    [['release/?'], [], ['heads/release/1', 'tags/release/1']],
    [[], ['release/**', 'v*'], ['heads/main']],
    [['release/**'], ['**/fix'], ['heads/release/1', 'tags/release/1']],
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
