import { expect, test } from 'vitest';
import { toFaultPoints } from '../../src/check/settingsPoints';
import type { ErrorCode } from '../../src/errors';

const toFault = (code: ErrorCode, message: string) => ({ variable: 'X', code, message, remedy: 'do it' });

test('every fault is a point of the thing that it is about, and nothing after them is reached', () => {
  const points = toFaultPoints([
    toFault('key-too-short', 'short'),
    toFault('variables-invalid', 'one'),
    toFault('host-key-contradicted', 'other host'),
    toFault('variables-invalid', 'two'),
  ]);
  const failed = (name: string, reason: string) => ({ name, state: 'failed', reason, fix: 'do it' });
  const after = ['git', 'connection', 'right to read', 'right to push', 'source', 'differences', 'Git LFS'];
  expect(points).toEqual([
    failed('variables', 'one'),
    failed('variables', 'two'),
    failed('key', 'short'),
    failed('host key', 'other host'),
    ...[...after, 'size limits'].map((name) => ({ name, state: 'unseen', reason: 'not reached' })),
  ]);
});
