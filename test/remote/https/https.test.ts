import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openHttps } from '../../../src/remote/https/https';
import { signLogin } from '../../../src/remote/https/sigv4';
import { createCleaner, createLog } from '../../../src/report/log';
import { createStopwatch } from '../../../src/report/stopwatch';
import { run } from '../../servers/git';

const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a-secret', sessionToken: undefined };
const place = { host: 'git.example.org:8443', path: '/v1/repos/app', region: 'us-east-1' };
const settings = {
  url: `https://${place.host}${place.path}`,
  login: { kind: 'aws', region: place.region, identity: { kind: 'keys', ...keys } },
  name: 'app (us-east-1)',
} as const;
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ccm-it's a test-"));
});
afterAll(() => rm(root, { recursive: true }));

function createContext(temporary = root) {
  const cleaner = createCleaner();
  const log = createLog({
    stream: { write: () => true },
    colour: false,
    debug: false,
    cleaner,
    now: Date.now,
  });
  const signal = new AbortController().signal;
  const startedAt = new Date();
  const env = { TMPDIR: temporary };
  const context = { env, log, signal, stopwatch: createStopwatch(Date.now), startedAt };
  return { cleaner, context };
}

/** What git, configured as for the destination, gets for a place or does with a login. */
async function askGit(
  verb: 'fill' | 'approve' | 'reject',
  env: Readonly<Record<string, string>>,
  input: string,
) {
  const ended = await run('git', '/', ['credential', verb], { env, input });
  return { ...ended, values: Object.fromEntries(ended.stdout.split('\n').map((line) => line.split('='))) };
}

describe('git is given a login', () => {
  it('for the repository, signed now, and it is masked from then on', async () => {
    const { cleaner, context } = createContext();
    await using transport = await openHttps(settings, 'destination', context);
    const question = `protocol=https\nhost=${place.host}\npath=v1/repos/app\n\n`;
    const { exitCode, values } = await askGit('fill', transport.env, question);
    const [, time = ''] = /^(\d{8}T\d{6}Z)/.exec(values['password'] ?? '') ?? [];
    const signedAt = new Date(time.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5'));
    expect(Math.abs(signedAt.getTime() - Date.now())).toBeLessThan(60_000);
    expect({ exitCode, ...values }).toMatchObject({ exitCode: 0, ...signLogin(keys, place, signedAt) });
    expect(cleaner.clean(`it is ${values['password']}`)).toBe('it is ******');
  });

  test.each([
    ['another path', 'https', place.host, 'v1/repos/other'],
    ['a path below', 'https', place.host, 'v1/repos/app/more'],
    ['no path', 'https', place.host, ''],
    ['another port', 'https', 'git.example.org', 'v1/repos/app'],
    ['another host', 'https', 'git.example.com:8443', 'v1/repos/app'],
    ['no encryption', 'http', place.host, 'v1/repos/app'],
  ])('but not for %s', async (_what, protocol, host, path) => {
    const { context } = createContext();
    await using transport = await openHttps(settings, 'destination', context);
    const question = `protocol=${protocol}\nhost=${host}\npath=${path}\n\n`;
    const { exitCode, stdout } = await askGit('fill', transport.env, question);
    expect({ exitCode, stdout }).toEqual({ exitCode: 128, stdout: '' });
  });

  test.each(['approve', 'reject'] as const)('and nothing is done when it says %s', async (verb) => {
    const { context } = createContext();
    await using transport = await openHttps(settings, 'destination', context);
    const login = `protocol=https\nhost=${place.host}\npath=v1/repos/app\nusername=u\npassword=p\n\n`;
    expect(await askGit(verb, transport.env, login)).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });
});

it('keeps its socket where nobody else can enter, and leaves nothing', async () => {
  const { context } = createContext();
  const transport = await openHttps(settings, 'destination', context);
  const folders = await readdir(root);
  expect(folders).toHaveLength(2);
  for (const folder of folders) expect((await stat(join(root, folder))).mode & 0o777).toBe(0o700);
  await transport[Symbol.asyncDispose]();
  expect(await readdir(root)).toEqual([]);
});

describe('where TMPDIR is too long for a socket', () => {
  const deep = () => join(root, 'long-'.repeat(20));

  it('keeps it in a folder of its own in /tmp all the same, whatever the umask, twice at once', async () => {
    await mkdir(deep(), { recursive: true });
    const before = process.umask(0);
    try {
      const { context } = createContext(deep());
      await using first = await openHttps(settings, 'destination', context);
      await using second = await openHttps(settings, 'destination', context);
      const question = `protocol=https\nhost=${place.host}\npath=v1/repos/app\n\n`;
      for (const { env } of [first, second]) {
        const config = await readFile(env['GIT_CONFIG_GLOBAL'] ?? '', 'utf8');
        const [folder = ''] = /\/tmp\/ccmirror-[\w-]+/.exec(config) ?? [];
        expect((await stat(folder)).mode & 0o777).toBe(0o700);
        expect(await readdir(folder)).toEqual(['s']);
        expect((await askGit('fill', env, question)).exitCode).toBe(0);
      }
      // Their configurations need no socket.
      expect(await readdir(deep())).toHaveLength(2);
      expect((await readdir(root)).filter((name) => name.startsWith('ccmirror'))).toEqual([]);
    } finally {
      process.umask(before);
      await rm(deep(), { recursive: true });
    }
  });
});
