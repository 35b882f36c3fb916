import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { SettingsError } from '../../src/faults';
import { type ReadOptions, readSettings } from '../../src/pipe/settings';
import { makeFolder, makeKey } from '../ssh/keys';
import { readOne } from './readOne';

const { privateKey, publicKey } = makeKey('-t rsa -b 2048');
const other = makeKey('-t rsa -b 2048');
const short = makeKey('-t rsa -b 1024').privateKey;
const ed25519 = makeKey('-t ed25519').privateKey;
const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

const host = 'git-codecommit.ap-southeast-1.amazonaws.com';
const origin = 'http://bitbucket.org/team/repo';
const options: ReadOptions = { cwd: folder.path };

/** A branch run in a pipe, as the README's first example has it. */
const pipe = {
  CODECOMMIT_URL: `ssh://${host}/v1/repos/my-repo`,
  SSH_KEY_ID: 'APKAEIBAERJR2EXAMPLE',
  SSH_KEY: Buffer.from(privateKey).toString('base64'),
  BITBUCKET_BRANCH: 'main',
  BITBUCKET_COMMIT: '0123456789abcdef0123456789abcdef01234567',
  BITBUCKET_CLONE_DIR: '/clone',
  BITBUCKET_GIT_HTTP_ORIGIN: origin,
  BITBUCKET_SSH_KEY_FILE: join(folder.path, 'ssh', 'id_rsa'),
  PIPELINES_JWT_TOKEN: 'a-token',
};

async function errorOf(env: Record<string, string>, more: Partial<ReadOptions> = {}): Promise<SettingsError> {
  const error: unknown = await readSettings(env, { ...options, ...more }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SettingsError) return error;
  throw new Error('readSettings did not throw a SettingsError', { cause: error });
}

it('of the simplest pipe are all that a mirror needs', async () => {
  const { secrets, ...settings } = await readOne(pipe, options);
  expect(settings).toMatchObject({
    destination: {
      url: `ssh://APKAEIBAERJR2EXAMPLE@${host}/v1/repos/my-repo`,
      name: 'my-repo (ap-southeast-1)',
      login: {
        kind: 'ssh',
        host,
        port: 22,
        user: 'APKAEIBAERJR2EXAMPLE',
        key: { pem: privateKey, publicKey },
        trust: { fingerprint: 'SHA256:ZIsVa7OVzxrTIf+Rk4UbhPv6Es22mSB3uTBojfPXIno', knownHosts: [] },
      },
    },
    source: { url: origin, login: { kind: 'none' }, proxy: { url: 'http://host.docker.internal:29418' } },
    clone: '/clone',
    trigger: { commit: pipe.BITBUCKET_COMMIT },
    selection: { refs: 'current', ref: 'refs/heads/main' },
    policy: { force: false, prune: false, pruneLimit: 10, dryRun: false },
    reportFile: undefined,
  });
  expect(secrets).toEqual(expect.arrayContaining(['a-token', privateKey, pipe.SSH_KEY]));
});

it('take the key and the known hosts of Pipelines', async () => {
  using ssh = makeFolder();
  writeFileSync(join(ssh.path, 'id_rsa'), privateKey);
  writeFileSync(join(ssh.path, 'known_hosts'), `[git.example.org]:22 ${publicKey}\n`);
  const env = {
    ...pipe,
    CODECOMMIT_URL: 'ssh://git@git.example.org/r',
    SSH_KEY_ID: '',
    SSH_KEY: '',
    BITBUCKET_SSH_KEY_FILE: join(ssh.path, 'id_rsa'),
  };
  const { destination, secrets } = await readOne(env, options);
  expect(destination).toMatchObject({
    url: 'ssh://git@git.example.org/r',
    login: {
      key: { pem: privateKey },
      trust: { fingerprint: undefined, knownHosts: [`git.example.org ${publicKey}`] },
    },
    name: 'git.example.org/r',
  });
  expect(secrets).toContain(privateKey);
});

describe('of the source', () => {
  const shell = { ...pipe, BITBUCKET_GIT_HTTP_ORIGIN: '' };
  const proxy = 'http://host.docker.internal:29418';
  test.each([
    ['a pipe', pipe, { url: origin, proxy: { url: proxy } }],
    [
      'a pipe with a proxy',
      { ...pipe, SOURCE_PROXY: 'http://127.0.0.1:1' },
      { url: origin, proxy: { url: 'http://127.0.0.1:1' } },
    ],
    [
      'a pipe with another URL',
      { ...pipe, SOURCE_URL: 'https://example.org/r' },
      { url: 'https://example.org/r' },
    ],
    [
      'a pipe with its own URL',
      { ...pipe, SOURCE_URL: `${origin}.git` },
      { url: `${origin}.git`, proxy: { url: proxy } },
    ],
    ['a shell', shell, undefined],
    ['a shell with a URL', { ...shell, SOURCE_URL: '/srv/r' }, { url: '/srv/r' }],
  ])('in %s', async (_what, env, source) => {
    expect((await readSettings(env, options)).source).toEqual(
      source && { ...source, name: source.url, login: { kind: 'none' } },
    );
  });

  it.each([
    ['http://me:password@example.org/r', undefined, false],
    ['http://me:password@example.org/r', 'http://proxy.example.org:3128', false],
    ['http://me:password@127.0.0.1:7990/r', undefined, true],
    ['http://me:password@[::1]/r', undefined, true],
    ['http://me:password@localhost/r', undefined, true],
    ['http://me:password@127.0.0.1.example.org/r', undefined, false],
    ['http://me:password@bitbucket.org/r', 'http://host.docker.internal:29418', true],
    ['http://me:password@bitbucket.org/r', 'http://127.0.0.1:29418', true],
    ['https://me:password@example.org/r', undefined, true],
    ['http://example.org/r', undefined, true],
  ])('let no login go over a network in clear: %s by %s → %s', async (SOURCE_URL, SOURCE_PROXY, taken) => {
    const read = readSettings({ ...pipe, SOURCE_URL, SOURCE_PROXY }, options);
    if (taken) expect((await read).source?.proxy?.url).toBe(SOURCE_PROXY);
    else await expect(read).rejects.toThrow('SOURCE_URL is an http:// URL with a user or password');
  });

  it('have a password apart from the URL, among the secrets', async () => {
    const { source, secrets } = await readSettings(
      { ...pipe, SOURCE_URL: 'https://me:p%40ss@example.org/r' },
      options,
    );
    expect(source).toEqual({
      url: 'https://example.org/r',
      name: 'https://example.org/r',
      login: { kind: 'password', username: 'me', password: 'p@ss' },
    });
    expect(secrets).toEqual(expect.arrayContaining(['p@ss', 'p%40ss']));
  });
});

describe('of the selection', () => {
  const all = { ...pipe, REFS: 'all', PRUNE: 'true', INCLUDE: 'a b', EXCLUDE: 'c' };
  const shell = { ...pipe, BITBUCKET_BRANCH: '', BITBUCKET_COMMIT: '', BITBUCKET_GIT_HTTP_ORIGIN: '' };

  it('are all, or the ref of the run, or outside Pipelines the branch that is checked out', async () => {
    expect((await readSettings(all, options)).selection).toEqual({
      refs: 'all',
      include: ['a', 'b'],
      exclude: ['c'],
    });
    expect(
      (await readSettings({ ...pipe, BITBUCKET_BRANCH: '', BITBUCKET_TAG: 'v1' }, options)).selection,
    ).toEqual({ refs: 'current', ref: 'refs/tags/v1' });
    const currentBranch = 'refs/heads/here';
    expect((await readSettings(shell, { ...options, currentBranch })).selection).toEqual({
      refs: 'current',
      ref: currentBranch,
    });
    expect((await readSettings(pipe, { ...options, currentBranch })).selection).toEqual({
      refs: 'current',
      ref: 'refs/heads/main',
    });
  });

  test.each([
    [
      { ...pipe, PRUNE: 'true' },
      ['PRUNE is true, but REFS is current: one branch or tag does not say what may be deleted.'],
    ],
    [
      { ...all, REFS: 'current', PRUNE: '' },
      [
        'INCLUDE is set, but REFS is current: the only ref is the one of this run.',
        'EXCLUDE is set, but REFS is current: the only ref is the one of this run.',
      ],
    ],
    [{ ...all, REFS: 'every' }, ['REFS is "every"; it must be current or all, in lower case.']],
    [
      { ...pipe, BITBUCKET_BRANCH: '' },
      ['REFS is current, but this run is for a commit, without a branch or tag.'],
    ],
    [shell, ['REFS is current, but no branch is checked out here.']],
  ])('are at fault: %#', async (env, messages) => {
    expect((await errorOf(env)).faults.map(({ message }) => message)).toEqual(messages);
  });
});

describe('of the report file', () => {
  it('are absolute', async () => {
    expect((await readSettings({ ...pipe, REPORT_FILE: 'r.json' }, options)).reportFile).toBe(
      join(folder.path, 'r.json'),
    );
  });

  test.each([
    ['missing/r.json', `the folder ${join(folder.path, 'missing')} does not exist`],
    ['.', 'it is a folder'],
  ])('%s is a fault', async (file, what) => {
    expect((await errorOf({ ...pipe, REPORT_FILE: file })).message).toBe(
      `REPORT_FILE is "${file}": ${what}.`,
    );
  });
});

describe('faults', () => {
  it('are all reported in one run, each once, with exit code 2', async () => {
    const error = await errorOf({
      ...pipe,
      CODECOMMIT_URL: `ssh://${host}/v1/repos/my-repo.git`,
      SSH_KEY_ID: 'AIDAEIBAERJR2EXAMPLE',
      SSH_KEY: short,
      KNOWN_HOSTS: 'nonsense',
      FORCE: 'yes',
      SOURCE_URL: 'ext::sh',
      SOURCE_PROXY: 'nowhere',
      REPORT_FILE: 'missing/r.json',
      PRUNE: 'true',
      BITBUCKET_BRANCH: 'a..b',
    });
    expect([error.code, error.exitCode]).toEqual(['variables-invalid', 2]);
    expect(error.faults.map(({ variable, code }) => `${variable} ${code}`).sort()).toEqual([
      'BITBUCKET_BRANCH variables-invalid',
      'CODECOMMIT_URL variables-invalid',
      'FORCE variables-invalid',
      'KNOWN_HOSTS variables-invalid',
      'PRUNE variables-invalid',
      'REPORT_FILE variables-invalid',
      'SOURCE_PROXY variables-invalid',
      'SOURCE_URL variables-invalid',
      'SSH_KEY key-too-short',
      'SSH_KEY_ID variables-invalid',
    ]);
    for (const { message } of error.faults) expect(error.message).toContain(message);
  });

  it('of nothing at all are the two variables and the key that are missing, and no host', async () => {
    const error = await errorOf({ REFS: 'all', BITBUCKET_SSH_KEY_FILE: pipe.BITBUCKET_SSH_KEY_FILE });
    expect(error.message).toBe(
      [
        'CODECOMMIT_URL is missing.',
        `There is no SSH key: SSH_KEY is not set, and Pipelines provides no key: there is none in ${join(folder.path, 'ssh')}.`,
        'SSH_KEY_ID is missing, and CODECOMMIT_URL contains no user.',
      ].join('\n'),
    );
  });

  it('of variables that were never expanded bring no others with them', async () => {
    const error = await errorOf({
      ...pipe,
      CODECOMMIT_URL: '$URL',
      SSH_KEY_ID: '$ID',
      SSH_KEY: '$KEY',
      KNOWN_HOSTS: '$HOSTS',
    });
    expect(error.faults.map(({ variable }) => variable)).toEqual([
      'CODECOMMIT_URL',
      'SSH_KEY_ID',
      'SSH_KEY',
      'KNOWN_HOSTS',
    ]);
  });

  test.each([
    ['key-missing', { ...pipe, SSH_KEY: '' }],
    ['key-public', { ...pipe, SSH_KEY: publicKey }],
    ['key-too-short', { ...pipe, SSH_KEY: short }],
    ['key-not-rsa', { ...pipe, SSH_KEY: ed25519 }],
    [
      'key-not-rsa',
      {
        ...pipe,
        SSH_KEY: ed25519,
        CODECOMMIT_URL: 'ssh://127.0.0.1:2222/v1/repos/r',
        KNOWN_HOSTS: `[127.0.0.1]:2222 ${publicKey}`,
      },
    ],
    ['host-key-unknown', { ...pipe, CODECOMMIT_URL: 'codecommit::il-central-1://r' }],
    ['host-key-contradicted', { ...pipe, KNOWN_HOSTS: `${host} ${publicKey}` }],
  ])('have the code %s where it is the only one', async (code, env) => {
    const error = await errorOf(env);
    expect([error.code, error.exitCode, error.faults.length]).toEqual([code, 2, 1]);
  });

  it('never hold a secret', async () => {
    const env = {
      ...pipe,
      SSH_KEY_ID: privateKey,
      SSH_KEY: `${privateKey.slice(0, 900)}`,
      SOURCE_URL: 'ftp://me:hunter2@x/r',
    };
    const { faults, message, remedy } = await errorOf(env);
    const text = JSON.stringify([faults, message, remedy]);
    expect(faults).toHaveLength(3);
    for (const line of privateKey.split('\n').slice(1, 5)) expect(text).not.toContain(line);
    expect(text).not.toContain('hunter2');
  });
});

it('any key goes to a server that is not CodeCommit', async () => {
  const env = {
    ...pipe,
    CODECOMMIT_URL: 'ssh://127.0.0.1:2222/r',
    SSH_KEY_ID: 'git',
    SSH_KEY: ed25519,
    KNOWN_HOSTS: `[127.0.0.1]:2222 ${publicKey}`,
  };
  const { destination } = await readOne(env, options);
  expect(destination).toMatchObject({
    name: '127.0.0.1:2222/r',
    login: { key: { type: 'ssh-ed25519' }, port: 2222 },
  });
});

it('the known hosts of the user are asked on a workstation, not in a pipe', async () => {
  using home = makeFolder();
  mkdirSync(join(home.path, '.ssh'));
  writeFileSync(join(home.path, '.ssh', 'known_hosts'), `${host} ${other.publicKey}\n`);
  const env = { ...pipe, HOME: home.path };
  expect((await readOne(env, options)).destination).toMatchObject({
    login: { trust: { knownHosts: [] } },
  });
  const error = await errorOf({ ...env, BITBUCKET_GIT_HTTP_ORIGIN: '' });
  expect(error.code).toBe('host-key-contradicted');
  expect(error.message).toContain('~/.ssh/known_hosts has a key for');
});

it('what an earlier run of ours left in the known hosts of the user is not asked', async () => {
  using home = makeFolder();
  mkdirSync(join(home.path, '.ssh'));
  const write = (...lines: string[]) =>
    writeFileSync(join(home.path, '.ssh', 'known_hosts'), `${lines.join('\n')}\n`);
  const own = [
    `# codecommit-mirror begin ${host}`,
    `${host} ${other.publicKey}`,
    `# codecommit-mirror end ${host}`,
  ];
  const env = { ...pipe, HOME: home.path, BITBUCKET_GIT_HTTP_ORIGIN: '' };
  write(...own);
  expect((await readOne(env, options)).destination).toMatchObject({
    login: { trust: { knownHosts: [] } },
  });
  write(...own, `${host} ${other.publicKey}`);
  expect((await errorOf(env)).code).toBe('host-key-contradicted');
});
