import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirrorError } from '../../../src/errors';
import type { StoredRepository } from '../../../src/sandbox/hosts/repositories';
import { createContext, listAll } from './context';
import { rigs } from './rigs';

/** What happens before one request: rows that go, by their places in the list, and how many come. */
interface Change {
  readonly removed: readonly number[];
  readonly added: number;
  readonly renamed: readonly number[];
}

const changes = fc.array(
  fc.record<Change>({
    removed: fc.array(fc.nat(40), { maxLength: 2 }),
    added: fc.nat(2),
    renamed: fc.array(fc.nat(40), { maxLength: 1 }),
  }),
  { maxLength: 8 },
);

describe.each(rigs)('%s, while repositories come, go and change their names', (_name, openRig) => {
  it('lists all that are there from the beginning to the end, or says that it could not', {
    tags: ['slow'],
  }, async () => {
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(changes, fc.nat(30), async (world, count) => {
        await using rig = await openRig();
        rig.server.pageSize = 5;
        const { repositories } = rig.server;
        let names = 0;
        const add = () => {
          names += 1;
          return rig.add(`app-${(names * 7_919) % 1_000}-${names}`);
        };
        for (let index = 0; index < count; index += 1) add();
        const start: readonly StoredRepository[] = repositories.all;
        const pending = [...world];
        const meanwhile = () => {
          const { removed = [], added = 0, renamed = [] } = pending.shift() ?? {};
          for (const place of renamed) {
            const found = repositories.all[place];
            if (found) repositories.rename(found, { name: `${place % 2 ? 'zz' : 'aa'}-${names++}` });
          }
          for (const place of removed) {
            const found = repositories.all[place];
            if (found) repositories.remove(found);
          }
          for (let index = 0; index < added; index += 1) add();
        };
        rig.server.faults.push({ meanwhile });
        try {
          const listed = new Set((await listAll(rig.open(createContext()))).map(({ identity }) => identity));
          const there = start.filter((each) => repositories.all.includes(each));
          const missing = there.filter((each) => !listed.has(rig.expected(each).identity));
          expect(missing.map(({ name }) => name)).toEqual([]);
          whole += 1;
        } catch (error) {
          if (!(error instanceof MirrorError) || error.code !== 'fleet-listing-unstable') throw error;
        }
      }),
      { numRuns: 150 },
    );
    expect(whole).toBeGreaterThan(50);
  });
});
