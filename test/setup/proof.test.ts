import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../src/context';
import { MirrorError } from '../../src/errors';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import { createKeyPair, openSandbox, type Sandbox } from '../../src/sandbox/server';
import { readHostKey } from '../../src/setup/hostKey';
import { type ProofVariables, prove } from '../../src/setup/prove';
import { type Folder, openFolder } from '../servers/folder';
import { listenOnLoopback } from '../servers/loopback';

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
  const stream = { write: (text: string) => log.push(text) };
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
  const variables = (more: Partial<ProofVariables> = {}): ProofVariables => ({
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
      /^setup-unproven: Everything is set up, but a connection with it has failed for \d+ s: 127\.0\.0\.1 accepted the connection but not the key/,
    );
  });

  it('waits for the key, then for the repository', async () => {
    const done = prove(
      variables({ CODECOMMIT_URL: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/late' }),
      createContext(),
      { seconds: 60, pauseSeconds: 0.2 },
    );
    await until(() => log.some((line) => line.includes('not the key')));
    sandbox.allow(keyId, pair.publicKey);
    await until(() => log.some((line) => line.includes('no repository')));
    await sandbox.createRepository('late');
    expect(await done).toBe(0);
    expect(log.every((line) => line.includes('trying again in 0.2 s'))).toBe(true);
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

describe('the host key', () => {
  const signal = new AbortController().signal;
  const place = () => ({ host: sandbox.host, port: sandbox.port });

  it('is fetched without a login, and given when KNOWN_HOSTS has it, as a line or a fingerprint', async () => {
    const { authentications, offeredKeys } = sandbox.counts;
    const [name, keyType, key] = sandbox.knownHosts.split(' ');
    for (const knownHosts of [sandbox.knownHosts, `${name} ${sandbox.fingerprint}`])
      expect(await readHostKey({ ...place(), knownHosts }, signal)).toEqual({
        ...place(),
        keyType,
        key,
        fingerprint: sandbox.fingerprint,
        origin: 'KNOWN_HOSTS',
      });
    expect(sandbox.counts).toMatchObject({ authentications, offeredKeys });
  });

  it('is refused when it is another one', async () => {
    const [name] = sandbox.knownHosts.split(' ');
    for (const knownHosts of [`${name} ${pair.publicKey}`, `${name} SHA256:${'A'.repeat(43)}`])
      expect(await codeOf(readHostKey({ ...place(), knownHosts }, signal))).toContain(
        `host-key-contradicted: 127.0.0.1 offered a host key that is not the expected one (${sandbox.fingerprint})`,
      );
  });

  it('is refused when nothing is known of it, before a connection is made', async () => {
    const { connections } = sandbox.counts;
    expect(await codeOf(readHostKey({ ...place(), knownHosts: '' }, signal))).toContain('host-key-unknown');
    expect(sandbox.counts.connections).toBe(connections);
  });

  it('is an error where nobody is, or nobody speaks', async () => {
    const server = createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const port = await listenOnLoopback(server);
    const knownHosts = `[127.0.0.1]:${port} ${pair.publicKey}`;
    const read = () => codeOf(readHostKey({ host: '127.0.0.1', port, knownHosts }, signal));
    expect(await read()).toContain('destination-unreachable');
    await new Promise((resolve) => server.close(resolve));
    expect(await read()).toMatch(/^destination-unreachable: .*ECONNREFUSED/);
  });

  it('is not waited for when setup is told to stop', async () => {
    sandbox.faults.silentBanner = true;
    const ending = new AbortController();
    const { connections } = sandbox.counts;
    const done = codeOf(readHostKey({ ...place(), knownHosts: sandbox.knownHosts }, ending.signal));
    await until(() => sandbox.counts.connections > connections);
    ending.abort('SIGINT');
    expect(await done).toBe('SIGINT');
    sandbox.faults.silentBanner = false;
  });
});
