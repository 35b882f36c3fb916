import { expect, test } from 'vitest';
import { isTooLarge, toServerWords } from '../../src/push/words';

test.each([
  ['nothing', 'Writing objects: 100% (3/3), 1.21 KiB | 1.21 MiB/s, done.\n', undefined],
  [
    "a hook's words, without progress",
    'remote: Resolving deltas:  50% (1/2)\rremote: Resolving deltas: 100% (2/2), done.\nremote: No file over 5 MB.\nremote: \n',
    'No file over 5 MB.',
  ],
  [
    "git's own words, once",
    'remote: fatal: pack exceeds maximum allowed size (1.00 MiB)\nerror: remote unpack failed: index-pack abnormal exit\nerror: failed to push some refs to x\n',
    'fatal: pack exceeds maximum allowed size (1.00 MiB) / error: remote unpack failed: index-pack abnormal exit',
  ],
  [
    'control characters shown harmlessly',
    'remote: \u001b[2J\u001b[1;31m✔ Mirrored\u0007\n',
    '[2J[1;31m✔ Mirrored',
  ],
])('%s', (_title, stderr, expected) => {
  expect(toServerWords(stderr)).toBe(expected);
});

test('long words are cut', () => {
  expect(toServerWords(`remote: ${'x'.repeat(10_000)}\n`)).toHaveLength(401);
});

test.each([
  ['remote: fatal: pack exceeds maximum allowed size (2.00 GiB)\n', true],
  ['error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413\n', true],
  ['error: RPC failed; HTTP 411 curl 22 The requested URL returned error: 411\n', true],
  ['remote: hook declined\n', false],
])('%j is too large: %s', (stderr, expected) => {
  expect(isTooLarge(stderr)).toBe(expected);
});
