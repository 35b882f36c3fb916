import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatches } from '../../src/plan/batches';
import type { RefPush } from '../../src/plan/plan';

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
const limits = { refs: 3 };
const create = (name: string): RefPush => ({ action: 'create', ref: `refs/${name}`, old: undefined, new: a });
const advance = (name: string): RefPush => ({ action: 'fast-forward', ref: `refs/${name}`, old: a, new: b });
const remove = (name: string): RefPush => ({ action: 'delete', ref: `refs/${name}`, old: a, new: undefined });

function names(batches: Iterable<readonly RefPush[]>): string[][] {
  return Array.from(batches, (batch) => batch.map((push) => push.ref.replace('refs/', '')));
}

describe('planBatches', () => {
  it.each<[string, RefPush[], string | undefined, string[][]]>([
    ['nothing', [], undefined, []],
    ['one push while it fits', [create('heads/a'), remove('heads/b')], undefined, [['heads/a', 'heads/b']]],
    [
      'the limit of refs',
      ['1', '2', '3', '4'].map((n) => create(`heads/${n}`)),
      undefined,
      [['heads/1', 'heads/2', 'heads/3'], ['heads/4']],
    ],
    [
      'the default branch alone and first',
      [create('heads/a'), create('heads/main')],
      'refs/heads/main',
      [['heads/main'], ['heads/a']],
    ],
    [
      'branches before tags, as they come, deletions last',
      [advance('heads/m'), remove('heads/z'), create('tags/v1')],
      undefined,
      [['heads/m', 'tags/v1', 'heads/z']],
    ],
    [
      'a deletion that is in the way of a new name',
      [create('heads/a/b'), remove('heads/a')],
      undefined,
      [['heads/a'], ['heads/a/b']],
    ],
    [
      'deletions below a new name',
      [create('heads/a'), remove('heads/a/b/c')],
      undefined,
      [['heads/a/b/c'], ['heads/a']],
    ],
  ])('%s', (_title, pushes, first, expected) => {
    expect(names(planBatches(pushes, { first, limits }))).toEqual(expected);
  });

  it('loses nothing, doubles nothing, and keeps within the limits', () => {
    const name = fc.constantFrom(
      'heads/a',
      'heads/a/b',
      'heads/c',
      'heads/main',
      'tags/a',
      'tags/a/b',
      'tags/z',
    );
    const push = fc.oneof(name.map(create), name.map(advance), name.map(remove));
    const pushes = fc.uniqueArray(push, { selector: (one) => one.ref, maxLength: 7 });
    fc.assert(
      fc.property(pushes, fc.integer({ min: 1, max: 4 }), (all, refs) => {
        const asked = { first: 'refs/heads/main', limits: { refs } };
        const batches = [...planBatches(all, asked)];
        expect(
          batches
            .flat()
            .map((one) => one.ref)
            .sort(),
        ).toEqual(all.map((one) => one.ref).sort());
        for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(refs);
      }),
      { numRuns: 1_000 },
    );
  });
});
