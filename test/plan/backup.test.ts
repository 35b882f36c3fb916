import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planBackups } from '../../src/plan/backup';
import { isBackupRef, isSliceRef, isSliceRefOf, isStaleSlice, toSliceRef } from '../../src/plan/ownRefs';
import type { Replacement } from '../../src/plan/plan';
import { selectRefs } from '../../src/plan/refs';
import { tryGit } from '../servers/git';

const stamp = '2026-11-20T081500Z';
const oid = (digit: string) => digit.repeat(40);
const [commit, tag, blob] = [oid('1'), oid('2'), oid('3')];

function remove(ref: string, old: string): Replacement {
  return { action: 'delete', ref, old, new: undefined };
}

describe('planBackups', () => {
  test('a commit is kept by a branch; a tag object by a tag besides; a blob by a tag alone', () => {
    const replaced = [
      remove('refs/heads/a/b', commit),
      remove('refs/tags/v1', tag),
      remove('refs/tags/blob', blob),
    ];
    const commits = new Map([
      ['refs/heads/a/b', commit],
      ['refs/tags/v1', commit],
    ]);
    const backups = [...planBackups(replaced, commits, new Map(), stamp)];
    expect(backups.map(({ ref, new: tip, of }) => [ref, tip, of])).toEqual([
      [`refs/heads/mirror-backup/${stamp}/heads/a/b`, commit, 'refs/heads/a/b'],
      [`refs/heads/mirror-backup/${stamp}/tags/v1`, commit, 'refs/tags/v1'],
      [`refs/tags/mirror-backup/${stamp}/tags/v1`, tag, 'refs/tags/v1'],
      [`refs/tags/mirror-backup/${stamp}/tags/blob`, blob, 'refs/tags/blob'],
    ]);
  });

  test('a name that is taken gets a number', () => {
    const present = new Map([[`refs/heads/mirror-backup/${stamp}/heads/x`, blob]]);
    const commits = new Map([['refs/heads/x', commit]]);
    const [backup] = planBackups([remove('refs/heads/x', commit)], commits, present, stamp);
    expect(backup?.ref).toBe(`refs/heads/mirror-backup/${stamp}/heads/x.2`);
  });

  test('every name is one that git and CodeCommit take, is recognised as ours, and there is no other like it', async () => {
    const component = fc
      .stringMatching(/^[a-zäß€𝄞][\wé$;'"-]{0,80}$/u)
      .filter((name) => !name.endsWith('.lock'));
    const names = fc.uniqueArray(
      fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    const samples = fc.sample(names, { numRuns: 60, seed: 20_261_121 });
    for (const sample of samples) {
      const replaced = sample.map((name) => remove(`refs/heads/${name}`, commit));
      const commits = new Map(replaced.map(({ ref }) => [ref, commit]));
      const refs = [...planBackups(replaced, commits, new Map(), stamp)].map(({ ref }) => ref);
      expect(new Set(refs).size).toBe(sample.length);
      for (const ref of refs) {
        expect(isBackupRef(ref)).toBe(true);
        expect(Buffer.byteLength(ref.replace('refs/heads/', ''))).toBeLessThanOrEqual(256);
        expect([ref, (await tryGit('/', ['check-ref-format', ref])).exitCode]).toEqual([ref, 0]);
      }
    }
  });
});

describe('tags that carry slices', () => {
  test('have names that git takes, are recognised, and are never part of a mirror', async () => {
    const run = '2026-11-26-0a1b2c3d';
    const ref = toSliceRef(run, commit);
    expect((await tryGit('/', ['check-ref-format', ref])).exitCode).toBe(0);
    expect([isSliceRef(ref), isBackupRef(ref)]).toEqual([true, false]);
    expect([isSliceRefOf(ref, run), isSliceRefOf(ref, run.slice(0, -1))]).toEqual([true, false]);
    const refs = new Map([
      [ref, commit],
      ['refs/tags/codecommit-mirror-slices', commit],
    ]);
    const selected = selectRefs(refs, { refs: 'all', include: [], exclude: [] });
    expect([...selected].map(([name]) => name)).toEqual(['refs/tags/codecommit-mirror-slices']);
  });

  test.each([
    ['2026-11-26-0a1b2c3d', '2026-12-02-4e5f6071', false],
    ['2026-11-26-0a1b2c3d', '2026-12-03-4e5f6071', true],
    ['2026-12-03-0a1b2c3d', '2026-11-26-4e5f6071', false],
    ['0a1b2c3d', '2026-12-03-4e5f6071', false],
    ['2026-13-45-0a1b2c3d', '2026-12-03-4e5f6071', false],
  ])('of %s are stale for %s: %s', (run, other, stale) => {
    expect(isStaleSlice(toSliceRef(run, commit), other)).toBe(stale);
  });
});
