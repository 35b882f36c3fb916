import { expect, test } from 'vitest';
import { type Attempt, type Tried, tryUntilSettled } from '../src/attempts';
import { permissionDenied } from '../src/destination/errors';
import { connectionDropped, MirrorError } from '../src/errors';
import { countRefs, noOutcomes, type RefOutcome } from '../src/push/outcome';
import { createCleaner, createLog } from '../src/report/log';
import { Sequence } from '../src/sequence';

const dropped = connectionDropped('ssh://there', 'closed');
const refused = permissionDenied('APKAEXAMPLEEXAMPLE12', 'there');
const oid = 'a'.repeat(40);
const created: RefOutcome = { ref: 'refs/heads/a', old: undefined, new: oid, status: 'new' };
const contested: RefOutcome = {
  ref: 'refs/heads/b',
  old: undefined,
  new: oid,
  status: 'refused',
  code: 'lease-broken',
  contested: true,
};

/** An attempt that came to this. */
function tried(refs: readonly RefOutcome[], more: { failure?: MirrorError; advanced?: boolean } = {}): Tried {
  const outcomes = { ...noOutcomes, refs: new Sequence(() => refs) };
  const { failure, advanced = false } = more;
  const about = { verdict: 'mirrored', source: 's', destination: 'd', bytes: 1, fallback: false } as const;
  return {
    outcome: { ...about, ...outcomes, counts: countRefs(outcomes), ...(failure && { failure }) },
    advanced,
  };
}

/** Tries one of these after the other; gives what each attempt was told, how it all ended, and the log. */
async function tryAll(
  ends: readonly (Tried | Error)[],
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
  const end = await tryUntilSettled(maxAttempts, context, async (attempt) => {
    attempts.push(attempt);
    const next = ends[attempts.length - 1];
    if (next === undefined) throw new Error('one attempt too many');
    if (next instanceof Error) throw next;
    return next;
  }).catch((error: unknown) => error);
  return { attempts, end, log };
}

test('what passes is tried again, and what came of all attempts is one outcome', async () => {
  const { attempts, end, log } = await tryAll([tried([created], { failure: dropped }), tried([])]);
  expect(attempts).toEqual([
    { isLast: false, cuts: 0 },
    { isLast: false, cuts: 1 },
  ]);
  expect(end).toMatchObject({ bytes: 2, counts: { changed: 1, failed: 0 } });
  expect(end).not.toHaveProperty('failure');
  expect(log).toMatch(/^WARNING: The connection .*\n?.*Trying again in \d\.\d s\.\n$/);
});

test('what can not pass is tried once', async () => {
  const { attempts, end } = await tryAll([refused]);
  expect([attempts.length, end]).toEqual([1, refused]);
});

test('so many attempts in a row, the last of which knows that it is', async () => {
  const { attempts, end, log } = await tryAll([dropped, dropped, dropped]);
  expect(attempts.map(({ isLast }) => isLast)).toEqual([false, false, true]);
  expect(end).toBe(dropped);
  expect(log).toContain('(attempt 2 of 3)');
  expect(log).toContain('(attempt 3 of 3)');
});

test('an attempt that got further begins the count anew', async () => {
  const further = tried([], { failure: dropped, advanced: true });
  const { attempts } = await tryAll([dropped, further, dropped, dropped], { maxAttempts: 2 });
  expect(attempts.map(({ isLast }) => isLast)).toEqual([false, true, false, true]);
});

test('a ref that somebody else changed is looked at again; one that stays so is told', async () => {
  const { attempts, end, log } = await tryAll([tried([contested]), tried([contested])], { maxAttempts: 2 });
  expect(attempts).toHaveLength(2);
  expect(end).toMatchObject({ counts: { failed: 1, contested: 1 } });
  expect(log).toContain('refs/heads/b');
});

test('an error after an outcome does not take away what is known of single refs', async () => {
  const { end } = await tryAll([tried([created], { failure: dropped }), refused]);
  expect(end).toMatchObject({ failure: refused, counts: { changed: 1 } });
});

test('a stop ends the pause, and what did not come from us is not tried again', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort('SIGTERM'), 100);
  const { attempts, end } = await tryAll([dropped], { signal: stop.signal });
  expect([attempts.length, end instanceof MirrorError && end.exitCode]).toEqual([1, 143]);
  const defect = new Error('a defect');
  expect((await tryAll([defect])).end).toBe(defect);
});
