import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/mirror/job';
import { mirror } from '../../src/mirror/mirror';
import { generic } from '../../src/plan/profiles';
import type { RemoteSettings } from '../../src/remote/settings';
import { createCleaner, createLog } from '../../src/report/log';
import { createStopwatch } from '../../src/report/stopwatch';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { openHttpsFace } from '../../src/sandbox/https/face';
import { createRepository } from '../../src/sandbox/repository';
import { createKeyPair, openSandbox } from '../../src/sandbox/server';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { type Folder, openFolder } from '../servers/folder';
import { createBareRepository, git, grow, readRefs, run } from '../servers/git';
import { openTokenHost, toBasic } from '../servers/tokenHost';
import { openTunnelProxy } from '../servers/tunnelProxy';

/** One end of a mirror: a server with one repository, and how to reach it. */
interface End extends AsyncDisposable {
  readonly settings: RemoteSettings;
  /** Of the repository. */
  readonly path: string;
  /** PEM, of a server over TLS. */
  readonly authority?: string;
  /** What the server was sent as proof; each once. */
  readonly proofs: () => Iterable<string>;
  /** What it should have been sent. */
  readonly expected: readonly string[] | RegExp;
}

const hostKey = createKeyPair().privateKey;

async function openFolderEnd(folder: string): Promise<End> {
  const path = await createBareRepository(join(folder, 'app.git'));
  return {
    settings: { url: path, name: 'app', login: { kind: 'none' } },
    path,
    proofs: () => [],
    expected: [],
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const openPasswordEnd =
  (username: string, password: string) =>
  async (folder: string): Promise<End> => {
    const host = await openTokenHost(folder, toBasic(username, password));
    const path = await host.createRepository('app');
    return {
      settings: { url: host.url('app'), name: 'app', login: { kind: 'password', username, password } },
      path,
      authority: host.certificate.cert,
      proofs: () => host.authorizations,
      expected: [toBasic(username, password)],
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    };
  };

async function openAwsEnd(folder: string): Promise<End> {
  const certificate = createCertificate();
  const counts = { connections: 0, authentications: 0, pushes: 0 } as never;
  const face = await openHttpsFace({ root: folder, certificate, faults: {}, counts });
  const keys = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'a-secret-key',
    sessionToken: undefined,
  };
  face.allow(keys);
  const session = async () => ({ keys, expiresAt: undefined });
  const identity = { kind: 'chain', name: 'the profile "mirror"', read: session } as const;
  return {
    settings: {
      url: `https://${face.host}/v1/repos/app`,
      name: 'app',
      login: { kind: 'aws', region: 'us-east-1', identity },
    },
    path: await createRepository(folder, 'app'),
    authority: certificate.cert,
    proofs: () => face.passwords,
    expected: /^\d{8}T\d{6}Z[0-9a-f]{64}$/,
    [Symbol.asyncDispose]: () => face[Symbol.asyncDispose](),
  };
}

const openSshEnd =
  (user: string) =>
  async (folder: string): Promise<End> => {
    const sandbox = await openSandbox({ root: folder, hostKey });
    const { privateKey, publicKey } = createKeyPair();
    sandbox.allow(user, publicKey);
    const { host, port, knownHosts } = sandbox;
    const key = await parsePrivateKey(privateKey, { requireRsa: true });
    const trust = { fingerprint: undefined, knownHosts: [knownHosts] };
    return {
      settings: {
        url: sandbox.url('app', user),
        name: 'app',
        login: { kind: 'ssh', user, host, port, key, trust, sha1: true },
      },
      path: await sandbox.createRepository('app'),
      proofs: () => [],
      expected: [],
      [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
    };
  };

const sources = {
  'a folder': openFolderEnd,
  'HTTPS with a token': openPasswordEnd('x-access-token', 'token-of-the-source'),
  'HTTPS signed for AWS': openAwsEnd,
  'SSH with a key': openSshEnd('APKASOURCESOURCESOUR'),
};
const destinations = {
  'a folder': openFolderEnd,
  'HTTPS with a token': openPasswordEnd('mirror', 'token-of-the-destination'),
  'HTTPS signed for AWS': openAwsEnd,
  'SSH with another key': openSshEnd('APKADESTINATIONDESTI'),
};

/** A machine whose user has logins of their own, all of them wrong here. */
async function openMachine(folder: Folder, ends: readonly End[]) {
  const [home, temporary] = [join(folder.path, 'home'), join(folder.path, 'tmp')];
  await mkdir(home);
  await mkdir(temporary);
  await writeFile(join(home, '.netrc'), 'machine 127.0.0.1 login netrc password of-netrc\n', { mode: 0o600 });
  const config =
    '[http]\n\textraHeader = "X-Ambient: yes"\n[credential]\n\thelper = "!echo password=ambient"\n';
  await writeFile(join(home, '.gitconfig'), config);
  const authorities = join(folder.path, 'authorities.pem');
  await writeFile(authorities, ends.flatMap(({ authority }) => authority ?? []).join('\n'));
  const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary, SSL_CERT_FILE: authorities };
  return { env, temporary };
}

async function mirrorOnce(source: RemoteSettings, destination: RemoteSettings, env: NodeJS.ProcessEnv) {
  const lines: string[] = [];
  const stream = { write: (text: string) => void lines.push(text) };
  const log = createLog({ stream, colour: false, debug: true, cleaner: createCleaner(), now: Date.now });
  const job: Job = {
    source,
    destination,
    selection: { refs: 'all', include: [], exclude: [] },
    policy: { force: true, prune: true, pruneLimit: 10, backup: false, lfs: 'warn', dryRun: false },
    limits: { profile: generic, pushBytes: 2 ** 30, attempts: 1 },
  };
  const { signal } = new AbortController();
  const stopwatch = createStopwatch(Date.now);
  const outcome = await mirror(job, { env, log, signal, stopwatch, startedAt: new Date() });
  return { outcome, output: lines.join('') };
}

/** Commits, a rewritten branch, a deleted one and a tag. */
async function change(source: string): Promise<void> {
  await grow(source, 'main');
  await grow(source, 'other');
  await git(source, 'tag', '-f', 'v1', 'main');
  await git(source, 'branch', '-D', 'old');
  await git(source, 'branch', '-f', 'rewritten', 'main');
}

function expectProofs({ proofs, expected }: End): void {
  const sent = [...proofs()];
  if (expected instanceof RegExp) for (const each of sent) expect(each).toMatch(expected);
  else expect(sent).toEqual(expected);
}

const pairs = Object.keys(sources).flatMap((source) =>
  Object.keys(destinations).map((destination) => [source, destination] as const),
) as [keyof typeof sources, keyof typeof destinations][];

const isQuick = ([from, to]: (typeof pairs)[number]) => from.slice(0, 10) === to.slice(0, 10);

describe.each([
  ['quick', []],
  ['all others', ['slow']],
])('each end proves itself in its own way, and sends nothing else, %s:', (which, tags) => {
  const some = pairs.filter((pair) => isQuick(pair) === (which === 'quick'));
  test.each(some)('from %s to %s', { tags }, async (from, to) => {
    await using folder = await openFolder();
    for (const name of ['source', 'destination']) await mkdir(join(folder.path, name));
    await using source = await sources[from](join(folder.path, 'source'));
    await using destination = await destinations[to](join(folder.path, 'destination'));
    const { env, temporary } = await openMachine(folder, [source, destination]);

    for (const branch of ['main', 'old', 'rewritten', 'other']) await grow(source.path, branch, { count: 2 });
    for (const step of [async () => undefined, change]) {
      await step(source.path);
      const { outcome, output } = await mirrorOnce(source.settings, destination.settings, env);
      expect([outcome.verdict, outcome.failure?.message, output]).toEqual(['mirrored', undefined, output]);
      expect(await readRefs(destination.path)).toEqual(await readRefs(source.path));
    }
    expectProofs(source);
    expectProofs(destination);
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe('a wrong token', () => {
  test.each(['source', 'destination'] as const)(
    'of the %s is refused, and named without itself',
    async (side) => {
      await using folder = await openFolder();
      await using host = await openTokenHost(folder.path, toBasic('mirror', 'the-right-one'));
      await host.createRepository('app');
      const other = await createBareRepository(join(folder.path, 'other.git'));
      await grow(other, 'main');
      const login = { kind: 'password', username: 'mirror', password: 'the-wrong-one' } as const;
      const there: RemoteSettings = { url: host.url('app'), name: 'app', login };
      const here: RemoteSettings = { url: other, name: 'other', login: { kind: 'none' } };
      const authorities = join(folder.path, 'authorities.pem');
      await writeFile(authorities, host.certificate.cert);
      const env = { PATH: process.env['PATH'], TMPDIR: folder.path, SSL_CERT_FILE: authorities };
      const [source, destination] = side === 'source' ? [there, here] : [here, there];
      const ended = mirrorOnce(source, destination, env);
      const code = side === 'source' ? 'source-unauthorised' : 'credentials-refused';
      await expect(ended).rejects.toMatchObject({ code });
      await expect(ended).rejects.not.toThrow('the-wrong-one');
      expect(host.authorizations).toEqual(new Set([toBasic('mirror', 'the-wrong-one')]));
    },
  );
});

test('a token that goes without a user name needs git 2.46, and is sent or named', async () => {
  await using folder = await openFolder();
  await using host = await openTokenHost(folder.path, 'Bearer of-the-project');
  const path = await host.createRepository('app');
  await grow(path, 'main');
  const copy = await createBareRepository(join(folder.path, 'copy.git'));
  const authorities = join(folder.path, 'authorities.pem');
  await writeFile(authorities, host.certificate.cert);
  const env = { PATH: process.env['PATH'], TMPDIR: folder.path, SSL_CERT_FILE: authorities };
  const source = {
    url: host.url('app'),
    name: 'app',
    login: { kind: 'bearer', token: 'of-the-project' },
  } as const;
  const ended = mirrorOnce(source, { url: copy, name: 'copy', login: { kind: 'none' } }, env);
  const { stdout } = await run('git', '/', ['--version']);
  const [, minor] = /^git version 2\.(\d+)/.exec(stdout) ?? [];
  if (Number(minor) < 46) {
    await expect(ended).rejects.toMatchObject({ code: 'git-too-old' });
    expect(host.authorizations).toEqual(new Set());
  } else {
    await ended;
    expect(await readRefs(copy)).toEqual(await readRefs(path));
    expect(host.authorizations).toEqual(new Set(['Bearer of-the-project']));
  }
});

test('each end has its own proxy, with a login that nobody else sees', async () => {
  await using folder = await openFolder();
  for (const name of ['source', 'destination']) await mkdir(join(folder.path, name));
  await using source = await sources['HTTPS with a token'](join(folder.path, 'source'));
  await using destination = await destinations['HTTPS with a token'](join(folder.path, 'destination'));
  await using near = await openTunnelProxy('near:p%40ss'.replace('%40', '@'));
  await using far = await openTunnelProxy('far:of-the-far-one');
  const { env } = await openMachine(folder, [source, destination]);
  await grow(source.path, 'main');
  const toProxy = (url: string, username: string, password: string) => ({
    url: `http://${url.slice(url.lastIndexOf('@') + 1)}`,
    login: { username, password },
  });
  const { outcome, output } = await mirrorOnce(
    { ...source.settings, proxy: toProxy(near.url, 'near', 'p@ss') },
    { ...destination.settings, proxy: toProxy(far.url, 'far', 'of-the-far-one') },
    env,
  );
  expect([outcome.verdict, output]).toEqual(['mirrored', output]);
  expect(await readRefs(destination.path)).toEqual(await readRefs(source.path));
  expect(new Set(near.tunnels)).toEqual(new Set([new URL(source.settings.url).host]));
  expect(new Set(far.tunnels)).toEqual(new Set([new URL(destination.settings.url).host]));
  expectProofs(source);
  expectProofs(destination);
});
