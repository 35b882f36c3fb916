import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Commit, planSliceLength, planSlices } from '../../src/plan/slices';

/** Histories with branches, merges and several roots; parents come first. */
const histories = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 60 }).map((all) =>
  all.map((picks, index): Commit => {
    const parents = index === 0 ? [] : picks.map((pick) => String(pick % index));
    return { oid: String(index), parents: [...new Set(parents)] };
  }),
);

async function cut(commits: readonly Commit[], length: number): Promise<(readonly string[])[]> {
  const slices: (readonly string[])[] = [];
  for await (const slice of planSlices(toStream(commits), length)) slices.push(slice);
  return slices;
}

async function* toStream(commits: readonly Commit[]): AsyncGenerator<Commit> {
  yield* commits;
}

/** The commits that these tips are or reach. */
function reach(commits: readonly Commit[], tips: Iterable<string>): Set<string> {
  const parents = new Map(commits.map(({ oid, parents: of }) => [oid, of]));
  const found = new Set<string>();
  const open = [...tips];
  for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
    if (found.has(oid)) continue;
    found.add(oid);
    open.push(...(parents.get(oid) ?? []));
  }
  return found;
}

describe('planSlices', () => {
  test('with the tips so far at the destination, so is exactly the prefix, slice by slice', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.integer({ min: 1, max: 10 }), async (commits, length) => {
        const slices = await cut(commits, length);
        // What is left after the last slice is at least one commit and at most a slice.
        expect(slices.length).toBe(Math.max(Math.ceil(commits.length / length) - 1, 0));
        const tips = new Set<string>();
        for (const [index, slice] of slices.entries()) {
          for (const tip of slice) {
            expect(tips.has(tip)).toBe(false);
            tips.add(tip);
          }
          const prefix = commits.slice(0, (index + 1) * length).map(({ oid }) => oid);
          expect(reach(commits, tips)).toEqual(new Set(prefix));
          // None of a slice is below another: as few tags as will do.
          for (const tip of slice) {
            const others = slice.filter((one) => one !== tip);
            expect(reach(commits, others).has(tip)).toBe(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('planSliceLength', () => {
  test.each([
    ['fits into one push', { commits: 10_000, bytes: 100 }, { pushBytes: 100, cuts: 0 }, undefined],
    [
      'is too big: a quarter of what a push may carry',
      { commits: 1_000, bytes: 1_000 },
      { pushBytes: 400, cuts: 0 },
      100,
    ],
    ['has many small commits', { commits: 100_000, bytes: 101 }, { pushBytes: 100, cuts: 0 }, 1_000],
    ['was cut off once', { commits: 5_000, bytes: 100 }, { pushBytes: 100, cuts: 1 }, 1_000],
    ['was cut off three times', { commits: 5_000, bytes: 100 }, { pushBytes: 100, cuts: 3 }, 250],
    ['is one enormous commit', { commits: 1, bytes: 1_000 }, { pushBytes: 1, cuts: 0 }, undefined],
    ['has enormous commits', { commits: 2, bytes: 1_000 }, { pushBytes: 1, cuts: 9 }, 1],
    ['is empty', { commits: 0, bytes: 0 }, { pushBytes: 1, cuts: 1 }, undefined],
  ])('a history that %s', (_title, history, limits, expected) => {
    expect(planSliceLength(history, limits)).toBe(expected);
  });

  test('is a whole number from 1 to 1,000 and less than the history, whatever it is', () => {
    const figures = fc.record({
      commits: fc.nat(),
      bytes: fc.nat(),
      pushBytes: fc.integer({ min: 1 }),
      cuts: fc.nat(40),
    });
    fc.assert(
      fc.property(figures, ({ commits, bytes, pushBytes, cuts }) => {
        const length = planSliceLength({ commits, bytes }, { pushBytes, cuts });
        if (length === undefined) return;
        expect(Number.isInteger(length) && length >= 1 && length <= 1_000 && length < commits).toBe(true);
      }),
    );
  });
});
