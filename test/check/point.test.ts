import { expect, test } from 'vitest';
import { attempt } from '../../src/check/point';
import { timedOut, toStopError } from '../../src/system/errors';

test('a failure is a value; a stop and what nobody foresaw are not', async () => {
  const failure = timedOut('git');
  expect(await attempt(() => Promise.reject(failure))).toEqual({ failure });
  expect(await attempt(async () => 1)).toEqual({ value: 1 });
  for (const error of [toStopError('SIGTERM'), toStopError('TIMEOUT'), new Error('other')])
    await expect(attempt(() => Promise.reject(error))).rejects.toBe(error);
});
