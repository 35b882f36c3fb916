import { expect, test } from 'vitest';
import { MirrorError } from '../../src/errors';
import { type Attempt, type AttemptResult, retryTransient } from '../../src/mirror/retry';
import { connectionDropped, permissionDenied } from '../../src/remote/destinationErrors';
import { createCleaner, createLog } from '../../src/report/log';

const dropped = connectionDropped('ssh://there', 'closed');
const refused = permissionDenied('APKAEXAMPLEEXAMPLE12', 'there');
const good: AttemptResult = { cut: false, advanced: false };
const failed: AttemptResult = { ...good, failure: dropped };

/** Runs attempts that end like these; gives what each attempt was told, how it all ended, and the log. */
async function tryAll(
  ends: readonly (AttemptResult | Error)[],
  { maxAttempts = 3, signal = new AbortController().signal } = {},
) {
  const attempts: Attempt[] = [];
  let log = '';
  const stream = {
    write(text: string) {
      log += text;
    },
  };
  const context = {
    log: createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: Date.now }),
    signal,
  };
  const end = await retryTransient(maxAttempts, context, async (attempt) => {
    attempts.push(attempt);
    const next = ends[attempts.length - 1];
    if (next === undefined) throw new Error('one attempt too many');
    if (next instanceof Error) throw next;
    return next;
  }).catch((error: unknown) => error);
  return { attempts, end, log };
}

test('a transient failure is retried, and a cut is counted', async () => {
  const { attempts, end, log } = await tryAll([{ ...failed, cut: true }, failed, good]);
  expect(attempts).toEqual([
    { isLast: false, cuts: 0 },
    { isLast: false, cuts: 1 },
    { isLast: true, cuts: 1 },
  ]);
  expect(end).toBeUndefined();
  expect(log).toMatch(/^WARNING: The connection .*\n?.*Trying again in \d\.\d s \(attempt 2 of 3\)\.\n/);
});

test('any other failure is tried once, thrown or given', async () => {
  for (const end of [refused, { ...good, failure: refused }]) {
    const result = await tryAll([end]);
    expect([result.attempts.length, result.end]).toEqual([1, refused]);
  }
});

test('the attempts in a row are limited, and the last one knows that it is the last', async () => {
  const { attempts, end, log } = await tryAll([dropped, dropped, dropped]);
  expect(attempts.map(({ isLast }) => isLast)).toEqual([false, false, true]);
  expect(end).toBe(dropped);
  expect(log).toContain('(attempt 2 of 3)');
  expect(log).toContain('(attempt 3 of 3)');
});

test('progress starts the count again', async () => {
  const further = { ...failed, advanced: true };
  const { attempts } = await tryAll([dropped, further, dropped, dropped], { maxAttempts: 2 });
  expect(attempts.map(({ isLast }) => isLast)).toEqual([false, true, false, true]);
});

test('a ref that somebody else changed causes another look, and is no failure of the run', async () => {
  const contested = { ...good, contested: ['refs/heads/b'] };
  const { attempts, end, log } = await tryAll([contested, contested], { maxAttempts: 2 });
  expect(attempts).toHaveLength(2);
  expect(end).toBeUndefined();
  expect(log).toContain('refs/heads/b');
});

test('a stop ends the pause, and an unexpected error is not retried', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort('SIGTERM'), 100);
  const { attempts, end } = await tryAll([dropped], { signal: stop.signal });
  expect([attempts.length, end instanceof MirrorError && end.exitCode]).toEqual([1, 143]);
  const defect = new Error('a defect');
  expect((await tryAll([defect])).end).toBe(defect);
});
