import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePorcelain } from '../../src/push/porcelain';
import { parsePackBytes } from '../../src/push/push';

const oid = 'a'.repeat(40);

describe('parsePorcelain', () => {
  it.each([
    [` \t${oid}:refs/heads/main\t1234567..89abcde`, 'refs/heads/main', true, ''],
    [`+\t${oid}:refs/heads/main\t1234567...89abcde (forced update)`, 'refs/heads/main', true, ''],
    ['-\t:refs/heads/old\t[deleted]', 'refs/heads/old', true, ''],
    [`*\t${oid}:refs/tags/v1\t[new tag]`, 'refs/tags/v1', true, ''],
    [`=\t${oid}:refs/heads/main\t[up to date]`, 'refs/heads/main', true, ''],
    [`!\t${oid}:refs/heads/main\t[rejected] (stale info)`, 'refs/heads/main', false, 'stale info'],
    [
      `!\t${oid}:refs/heads/x\t[remote rejected] (hook (x) declined)`,
      'refs/heads/x',
      false,
      'hook (x) declined',
    ],
    [`!\t${oid}:refs/heads/ä"b'\t[remote rejected] (no)`, `refs/heads/ä"b'`, false, 'no'],
  ])('%s', (line, ref, done, reason) => {
    expect(parsePorcelain(`To ssh://host/x\n${line}\nDone\n`)).toEqual([{ ref, done, reason }]);
  });

  it('takes nothing else for a result', () => {
    expect(parsePorcelain('To ssh://host/x\nDone\n\nremote: * \tx\nfatal: * a:b c\n')).toEqual([]);
  });

  it('reads any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('*', '!', '\t', ':', 'a', '(', ')', '\n', ' ') }),
        (text) => {
          for (const result of parsePorcelain(text)) expect(result.ref).not.toMatch(/[\t\n:]/);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('parsePackBytes', () => {
  it.each([
    ['Writing objects: 100% (3/3), 250 bytes | 250.00 KiB/s, done.', 250],
    ['Writing objects:  50% (1/2)\rWriting objects: 100% (2/2), 1.50 KiB | 1.5 MiB/s, done.\n', 1536],
    ['Writing objects: 100% (9/9), 2.00 MiB | 9 MiB/s, done.', 2_097_152],
    ['Total 0 (delta 0), reused 0 (delta 0)', 0],
  ])('%s', (stderr, bytes) => {
    expect(parsePackBytes(stderr)).toBe(bytes);
  });
});
