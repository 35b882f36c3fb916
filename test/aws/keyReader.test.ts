import { expect, it } from 'vitest';
import type { Session } from '../../src/aws/identity';
import { createSessionReader } from '../../src/aws/keyReader';

const minute = 60_000;

/** Sessions of an hour, numbered from 1; a clock that stands where it is put. */
function createTrial() {
  const trial: { now: number; opened: number; failure?: Error | undefined } = { now: 0, opened: 0 };
  async function open(): Promise<Session> {
    trial.opened += 1;
    const accessKeyId = `session-${trial.opened}`;
    const expiresAt = new Date(trial.now + 60 * minute);
    await new Promise((resolve) => setImmediate(resolve));
    if (trial.failure !== undefined) throw trial.failure;
    return { keys: { accessKeyId, secretAccessKey: 'secret', sessionToken: 'token' }, expiresAt };
  }
  const read = createSessionReader(open, () => trial.now);
  return { trial, read: async () => (await read()).accessKeyId };
}

it('holds on to a session until five minutes before its end', async () => {
  const { trial, read } = createTrial();
  expect(await read()).toBe('session-1');
  trial.now = 54 * minute;
  expect(await read()).toBe('session-1');
  trial.now = 55 * minute;
  expect(await read()).toBe('session-2');
  trial.now = 100 * minute;
  expect(await read()).toBe('session-2');
});

it('opens one session for all that ask at once', async () => {
  const { trial, read } = createTrial();
  expect(await Promise.all([read(), read(), read()])).toEqual(['session-1', 'session-1', 'session-1']);
  trial.now = 59 * minute;
  expect(await Promise.all([read(), read()])).toEqual(['session-2', 'session-2']);
});

it('uses up what is left of a session that can not be renewed, and then says why', async () => {
  const { trial, read } = createTrial();
  await read();
  trial.failure = new Error('the token has expired');
  trial.now = 59 * minute;
  expect(await read()).toBe('session-1');
  trial.now = 60 * minute;
  await expect(read()).rejects.toThrow('the token has expired');
});

it('tries again after a failure', async () => {
  const { trial, read } = createTrial();
  trial.failure = new Error('not now');
  await expect(read()).rejects.toThrow('not now');
  trial.failure = undefined;
  expect(await read()).toBe('session-2');
});
