import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RefPush } from '../../src/plan/plan';
import { pushIsolating } from '../../src/push/isolate';

const oid = 'a'.repeat(40);

function toBatch(count: number): RefPush[] {
  return Array.from({ length: count }, (_, index) => ({
    action: 'create',
    ref: `refs/heads/b${index}`,
    old: undefined,
    new: oid,
  }));
}

/** Pushes a batch to a server that refuses each push which carries a culprit. Gives what it has then. */
async function pushTo(count: number, isCulprit: (index: number) => boolean) {
  const accepted: string[] = [];
  const refusedAlone = new Set<string>();
  let pushes = 0;
  await pushIsolating(toBatch(count), async (part) => {
    pushes++;
    const isRefused = part.some(({ ref }) => isCulprit(Number(ref.slice('refs/heads/b'.length))));
    if (!isRefused) accepted.push(...part.map(({ ref }) => ref));
    for (const { ref } of part) if (isRefused) refusedAlone.add(ref);
    return { isRefused };
  });
  return { accepted, refused: refusedAlone, pushes };
}

test('with k culprits among n refs all others are pushed once, in about k·log₂(n) pushes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.uniqueArray(fc.nat(299), { maxLength: 6 }),
      async (count, chosen) => {
        const culprits = new Set(chosen.filter((index) => index < count));
        const { accepted, refused, pushes } = await pushTo(count, (index) => culprits.has(index));
        const isHopeless = accepted.length === 0 && culprits.size > 1;
        const expected = toBatch(count).flatMap(({ ref }, index) => (culprits.has(index) ? [] : [ref]));
        if (!isHopeless) expect([...accepted].sort()).toEqual(expected.sort());
        for (const culprit of culprits) expect(refused).toContain(`refs/heads/b${culprit}`);
        expect(pushes).toBeLessThanOrEqual(culprits.size * (Math.ceil(Math.log2(count)) + 1) + 1);
      },
    ),
    { numRuns: 300 },
  );
});

test('a server that refuses everything is recognised in a few pushes', async () => {
  const { accepted, pushes } = await pushTo(4_000, () => true);
  expect(accepted).toEqual([]);
  expect(pushes).toBeLessThanOrEqual(26);
});
