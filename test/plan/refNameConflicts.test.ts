import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findObstacle } from '../../src/plan/refNameConflicts';
import { createBareRepository, gitWith, grow, tryGit } from '../servers/git';

const none = new Map<string, string>();
const holding = (...refs: string[]) => new Map(refs.map((ref) => [ref, 'a'.repeat(40)]));

describe('findObstacle', () => {
  test.each([
    ['an ordinary branch', 'refs/heads/main', none, none],
    ['an odd branch beside no other', 'refs/heads/refs/heads/x', holding('refs/heads/main'), none],
    ['a branch of another name', 'refs/heads/x', holding('refs/heads/refs/heads/xx'), none],
    ['an odd branch that is there', 'refs/heads/refs/heads/x', holding('refs/heads/refs/heads/x'), none],
  ])('lets through %s', (_title, ref, present, wanted) => {
    expect(findObstacle(ref, present, wanted)).toBeUndefined();
  });

  test.each([
    ['whose name ends another one', 'refs/heads/x', holding('refs/heads/refs/heads/x'), none],
    ["whose name ends a tag's", 'refs/heads/x', holding('refs/tags/refs/heads/x'), none],
    ['that would end in a name over there', 'refs/heads/refs/heads/x', holding('refs/heads/x'), none],
    ['that would end in a name to come', 'refs/tags/refs/tags/x', none, holding('refs/tags/x')],
    ['that is not UTF-8', 'refs/heads/\ufffd', none, none],
  ])('stops a ref %s', (_title, ref, present, wanted) => {
    expect(findObstacle(ref, present, wanted)).toBeTypeOf('string');
  });

  test('git refuses indeed what is stopped here, and everything that is pushed with it', async () => {
    const root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
    try {
      const [source, destination] = [join(root, 's'), join(root, 'd')];
      await createBareRepository(source);
      await createBareRepository(destination);
      const tip = await grow(source, 'x');
      await gitWith({}, source, 'push', '--quiet', destination, `${tip}:refs/heads/refs/heads/x`);
      await gitWith({}, destination, 'update-ref', 'refs/heads/x', tip);
      const next = await grow(source, 'x');
      const refspecs = [`${next}:refs/heads/x`, `${next}:refs/heads/other`];
      const { exitCode, stderr } = await tryGit(source, ['push', '--porcelain', destination, ...refspecs]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('matches more than one')]);
      expect((await tryGit(destination, ['rev-parse', '--verify', 'refs/heads/other'])).exitCode).toBe(128);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
