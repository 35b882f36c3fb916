import { expect, test } from 'vitest';
import { look } from '../../src/check/point';
import { timedOut, toStopError } from '../../src/system/errors';

test('a failure is a value; a stop and what nobody foresaw are not', async () => {
  const failure = timedOut('git');
  expect(await look(() => Promise.reject(failure))).toEqual({ failure });
  expect(await look(async () => 1)).toEqual({ value: 1 });
  for (const error of [toStopError('SIGTERM'), toStopError('TIMEOUT'), new Error('other')])
    await expect(look(() => Promise.reject(error))).rejects.toBe(error);
});
