import { expect, test } from 'vitest';
import { parsePackBytes } from '../../../src/remote/https/pushHelper';

test('the bytes of a push over HTTPS are those of its last line of progress', () => {
  const progress = [
    'Writing objects:  99% (2/3), 51.77 MiB | 9.90 MiB/s\r',
    'Writing objects: 100% (3/3), 51.77 MiB | 9.90 MiB/s\r',
    'Writing objects: 100% (3/3), 89.20 MiB | 9.95 MiB/s, done.\n',
    'Total 3 (delta 0), reused 0 (delta 0), pack-reused 0\n',
  ];
  expect(parsePackBytes(progress.join(''))).toBe(Math.round(89.2 * 2 ** 20));
  expect(parsePackBytes('Writing objects: 100% (3/3), 251 bytes | 251.00 KiB/s, done.\n')).toBe(251);
  expect(parsePackBytes(progress.slice(0, 2).join(''))).toBe(0);
});
