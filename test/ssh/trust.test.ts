import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openScratch } from '../../src/objects/scratch';
import { openRemote, type Remote } from '../../src/remote/remote';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import { createKeyPair, openSandbox, type Sandbox } from '../../src/sandbox/server';
import type { HostTrust } from '../../src/ssh/hostTrust';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { run } from '../servers/git';

const keyId = 'APKAEXAMPLEEXAMPLE12';
const { privateKey, publicKey } = createKeyPair();
let root: string;
let sandbox: Sandbox;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  sandbox = await openSandbox({ root });
  sandbox.allow(keyId, publicKey);
  await sandbox.createRepository('app');
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

interface Trusted {
  readonly fingerprint?: string;
  readonly knownHosts: readonly string[];
}

/** Opens the destination as a mirror does, trusting what is given and nothing else. */
async function withDestination<T>(
  { fingerprint, knownHosts }: Trusted,
  use: (destination: Remote) => Promise<T>,
): Promise<T> {
  const { host, port } = sandbox;
  const trust = { fingerprint: toFingerprint(fingerprint), knownHosts };
  const stream = { write: () => true };
  const log = createLog({ stream, colour: false, debug: false, cleaner: createCleaner(), now: Date.now });
  const env = { PATH: process.env['PATH'], TMPDIR: root };
  const context = {
    env,
    log,
    signal: new AbortController().signal,
    stopwatch: createStopwatch(Date.now),
    startedAt: new Date(),
  };
  await using scratch = await openScratch(undefined, context);
  const key = await parsePrivateKey(privateKey, { requireRsa: true });
  const url = sandbox.url('app', keyId);
  const login = { kind: 'ssh', host, port, sha1: true, user: keyId, key, trust } as const;
  const by = { directory: scratch.git.directory, context };
  await using destination = await openRemote({ url, name: 'app', login }, 'destination', by);
  return await use(destination);
}

function list(trusted: Trusted): Promise<string> {
  return withDestination(trusted, (destination) =>
    destination.refs().then(
      (listing) => `${listing.refs.size} refs`,
      (error: unknown) =>
        error instanceof Error ? `${'code' in error ? error.code : ''}: ${error.message}` : '',
    ),
  );
}

function toFingerprint(text: string | undefined): HostTrust['fingerprint'] {
  const [, kind, value] = /^(SHA256|MD5):(.*)$/.exec(text ?? '') ?? [];
  if (value === undefined) return undefined;
  return kind === 'MD5' ? `MD5:${value}` : `SHA256:${value}`;
}

async function toMd5(knownHosts: string): Promise<string> {
  const [, type, key] = knownHosts.split(' ');
  const { stdout } = await run('ssh-keygen', root, ['-E', 'md5', '-lf', '-'], { input: `${type} ${key}\n` });
  return stdout.split(' ')[1] ?? '';
}

describe('a host key that is known by its fingerprint alone', () => {
  it('is accepted when it has it, SHA-256 or MD5', async () => {
    expect(await list({ fingerprint: sandbox.fingerprint, knownHosts: [] })).toBe('0 refs');
    const md5 = await toMd5(sandbox.knownHosts);
    expect(md5).toMatch(/^MD5:[0-9a-f:]{47}$/);
    expect(await list({ fingerprint: md5, knownHosts: [] })).toBe('0 refs');
  });

  it('is refused when it has another one, before the private key is offered', async () => {
    const { offeredKeys } = sandbox.counts;
    const sha256 = `SHA256:${'A'.repeat(43)}`;
    const refused = await list({ fingerprint: sha256, knownHosts: [] });
    expect(refused).toBe(
      `host-key-contradicted: 127.0.0.1 offered a host key that is not the expected one (${sandbox.fingerprint}); ` +
        `expected ${sha256}. The connection was closed before your key was used.`,
    );
    const md5 = `MD5:${Array.from({ length: 16 }, () => '00').join(':')}`;
    expect(await list({ fingerprint: md5, knownHosts: [] })).toContain(`expected ${md5}`);
    expect(sandbox.counts.offeredKeys).toBe(offeredKeys);
  });

  it('is refused when nothing is known of it', async () => {
    const { offeredKeys } = sandbox.counts;
    expect(await list({ knownHosts: [] })).toContain('host-key-contradicted');
    expect(sandbox.counts.offeredKeys).toBe(offeredKeys);
  });
});

it('a listing and the session of a push, opened at the same time, share one connection', async () => {
  const { connections, sessions } = sandbox.counts;
  const both = await withDestination({ knownHosts: [sandbox.knownHosts] }, (destination) =>
    Promise.all([destination.refsToPush(), destination.refs()]),
  );
  expect(both).toEqual([new Map(), { refs: new Map(), head: undefined }]);
  expect(sandbox.counts).toMatchObject({ connections: connections + 1, sessions: sessions + 2 });
});
