import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MirrorError } from '../../../src/errors';
import { createCleaner, createLog } from '../../../src/report/log';
import { createStopwatch } from '../../../src/report/stopwatch';
import { createKeyPair, openSandbox, type Sandbox } from '../../../src/sandbox/server';
import { prove } from '../../../src/setup/steps/prove';
import type { Context } from '../../../src/system/context';
import { type Folder, openFolder } from '../../servers/folder';

const keyId = 'APKAEXAMPLEEXAMPLE12';
const pair = createKeyPair();
let folder: Folder;
let sandbox: Sandbox;
let log: string[] = [];

beforeAll(async () => {
  folder = await openFolder();
  sandbox = await openSandbox({ root: folder.path });
  await sandbox.createRepository('app');
});
afterEach(() => {
  log = [];
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function createContext(signal = new AbortController().signal): Context {
  const stream = { isTTY: true, write: (text: string) => log.push(text) };
  const env = { PATH: process.env['PATH'], TMPDIR: folder.path };
  return {
    env,
    log: createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: Date.now }),
    signal,
    stopwatch: createStopwatch(Date.now),
    startedAt: new Date(),
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return error instanceof MirrorError ? `${error.code}: ${error.message}` : String(error);
}

describe('the proof', () => {
  const variables = (more: Readonly<Record<string, string>> = {}) => ({
    CODECOMMIT_URL: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
    CODECOMMIT_ENDPOINT: `${sandbox.host}:${sandbox.port}`,
    SSH_KEY_ID: keyId,
    SSH_KEY: pair.privateKey,
    KNOWN_HOSTS: sandbox.knownHosts,
    ...more,
  });

  it('ends when IAM does not know the key for too long, with the reason', async () => {
    const told = await codeOf(prove(variables(), createContext(), { seconds: 1, pauseSeconds: 1 }));
    expect(told).toMatch(
      /^setup-unproven: A connection with the new key has failed for \d+ s: 127\.0\.0\.1 refused the key/,
    );
  });

  it('waits for the key, then for the repository', async () => {
    const done = prove(
      variables({ CODECOMMIT_URL: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/late' }),
      createContext(),
      { seconds: 60, pauseSeconds: 0.2 },
    );
    await until(() => log.length > 0);
    sandbox.allow(keyId, pair.publicKey);
    const { length } = log;
    await until(() => log.length > length + 1);
    await sandbox.createRepository('late');
    expect(await done).toBe(0);
    // One line that moves, in place of many.
    expect(log.every((line) => line.startsWith('\r\x1b[2KWaiting for IAM'))).toBe(true);
  });

  it('does not wait for a host that has another key', async () => {
    const [name] = sandbox.knownHosts.split(' ');
    const other = { KNOWN_HOSTS: `${name} ${pair.publicKey}` };
    const told = await codeOf(prove(variables(other), createContext(), { seconds: 60, pauseSeconds: 9 }));
    expect(told).toContain('host-key-contradicted');
    expect(log).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const ending = new AbortController();
    sandbox.faults.refuseKeys = true;
    const done = codeOf(prove(variables(), createContext(ending.signal), { seconds: 60, pauseSeconds: 30 }));
    await until(() => log.length > 0);
    ending.abort('SIGTERM');
    expect(await done).toContain('AbortError');
    sandbox.faults.refuseKeys = false;
  });
});

/** Looks every few milliseconds; the test's own time limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
