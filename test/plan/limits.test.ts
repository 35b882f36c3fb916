import { expect, test } from 'vitest';
import { codeCommitFileLimits, parseExcess } from '../../src/plan/limits';

const oid = 'a'.repeat(40);
const gibibytes = 2 ** 30;

test.each([
  ['an empty file', { bytes: 0, path: 'a' }, undefined],
  ['a file of 2 GiB', { bytes: 2 * gibibytes, path: 'a' }, undefined],
  ['a file of one byte more', { bytes: 2 * gibibytes + 1, path: 'a' }, /^has 2147483649 bytes/],
  ['a path of 4,096 bytes', { bytes: 1, path: 'é'.repeat(2_048) }, undefined],
  ['a path of 4,097 bytes', { bytes: 1, path: `${'é'.repeat(2_048)}a` }, /^has a path of 4097 bytes/],
  ['20 directories', { bytes: 1, path: `${'d/'.repeat(20)}f` }, undefined],
  ['21 directories', { bytes: 1, path: `${'d/'.repeat(21)}f` }, /^is 21 directories deep/],
])('%s', (_title, file, expected) => {
  const excess = parseExcess({ oid, ...file, pathBytes: Buffer.byteLength(file.path) }, codeCommitFileLimits);
  if (expected === undefined) expect(excess).toBeUndefined();
  else expect(excess).toMatch(expected);
});
