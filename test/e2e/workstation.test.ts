// @module-tag slow
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBackend } from '../../src/sandbox/https/backend';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { git, run } from '../servers/git';
import { expectNothingLeft } from './footprint';
import { growSource } from './scene';
import { openWorld, runProgram, type World } from './world';

/** A workstation: the world, a user with a home and a clone, and git servers that ask for a login. */
interface Desk extends AsyncDisposable {
  readonly world: World;
  /** `http://127.0.0.1:<port>`, which wants alice and her password. */
  readonly http: string;
  /** `https://127.0.0.1:<port>`, with a certificate of nobody's. */
  readonly https: string;
  /** The certificate, as a file. */
  readonly authority: string;
  /** A clone whose origin is the source, by its path. */
  readonly clone: string;
  /** Writes a file below the home. */
  write(path: string, text: string, mode?: number): Promise<string>;
}

const login = `Basic ${Buffer.from('alice:pw-of-alice').toString('base64')}`;

async function openDesk(): Promise<Desk> {
  const world = await openWorld();
  await growSource(world);
  const backend = openBackend(dirname(world.source), ['safe.directory=*']);
  const serve = (needsLogin: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    if (needsLogin && request.headers.authorization !== login) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const asked = { request, response, start: Buffer.alloc(0), dropAfterBytes: undefined };
    void backend.serve({
      ...asked,
      path: pathname,
      query: searchParams.toString(),
      beforeEnd: async () => undefined,
    });
  };
  const certificate = createCertificate();
  const servers = [createHttpServer(serve(true)), createHttpsServer(certificate, serve(false))] as const;
  const [plain, secured] = await Promise.all(servers.map((server) => listenOnLoopback(server)));
  const write = async (path: string, text: string, mode = 0o644) => {
    const file = join(world.home, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { mode });
    return file;
  };
  const clone = join(world.root, 'workstation');
  await git('/', 'clone', '--quiet', world.source, clone);
  return {
    world,
    http: `http://127.0.0.1:${plain}/app.git`,
    https: `https://127.0.0.1:${secured}/app.git`,
    authority: await write('authority.pem', certificate.cert),
    clone,
    write,
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await backend[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

const helper = '#!/bin/sh\n[ "$1" = get ] && printf "username=alice\\npassword=pw-of-alice\\n"\n';
const toConfig = (path: string) => `[credential]\n\thelper = ${path}\n`;

/** What a user set up, and what they then ask git for; undefined: the remote that git chooses by itself. */
interface SetUp {
  readonly source?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const setUps: Readonly<Record<string, (desk: Desk) => Promise<SetUp>>> = {
  'a credential helper in ~/.gitconfig': async (desk) => {
    await desk.write('.gitconfig', toConfig(await desk.write('helper', helper, 0o755)));
    return { source: desk.http };
  },
  'a credential helper in ~/.config/git/config': async (desk) => {
    await desk.write('.config/git/config', toConfig(await desk.write('helper', helper, 0o755)));
    return { source: desk.http };
  },
  'a credential helper below XDG_CONFIG_HOME': async (desk) => {
    await desk.write('xdg/git/config', toConfig(await desk.write('helper', helper, 0o755)));
    return { source: desk.http, env: { XDG_CONFIG_HOME: join(desk.world.home, 'xdg') } };
  },
  'a credential helper in the file of GIT_CONFIG_GLOBAL': async (desk) => {
    const file = await desk.write('mine', toConfig(await desk.write('helper', helper, 0o755)));
    return { source: desk.http, env: { GIT_CONFIG_GLOBAL: file } };
  },
  'a credential helper for this URL alone': async (desk) => {
    const path = await desk.write('helper', helper, 0o755);
    await desk.write('.gitconfig', `[credential "${new URL(desk.http).origin}"]\n\thelper = ${path}\n`);
    return { source: desk.http };
  },
  'a credential helper in an included file': async (desk) => {
    const more = await desk.write('more', toConfig(await desk.write('helper', helper, 0o755)));
    await desk.write('.gitconfig', `[include]\n\tpath = ${more}\n`);
    return { source: desk.http };
  },
  GIT_ASKPASS: async (desk) => {
    const ask = '#!/bin/sh\ncase "$1" in Username*) echo alice;; *) echo pw-of-alice;; esac\n';
    return { source: desk.http, env: { GIT_ASKPASS: await desk.write('ask', ask, 0o755) } };
  },
  '~/.netrc': async (desk) => {
    await desk.write('.netrc', 'machine 127.0.0.1 login alice password pw-of-alice\n', 0o600);
    return { source: desk.http };
  },
  'http.extraHeader': async (desk) => {
    await desk.write('.gitconfig', `[http]\n\textraHeader = Authorization: ${login}\n`);
    return { source: desk.http };
  },
  'url.insteadOf, with the login in it, for a URL': async (desk) => {
    const base = desk.http.replace('//', '//alice:pw-of-alice@').replace('/app.git', '/');
    await desk.write('.gitconfig', `[url "${base}"]\n\tinsteadOf = mine:\n`);
    return { source: 'mine:app.git' };
  },
  'url.insteadOf for the origin': async (desk) => {
    const base = desk.http.replace('//', '//alice:pw-of-alice@').replace('/app.git', '/');
    await desk.write('.gitconfig', `[url "${base}"]\n\tinsteadOf = mine:\n`);
    await git(desk.clone, 'remote', 'set-url', 'origin', 'mine:app.git');
    return {};
  },
  'http.sslCAInfo': async (desk) => {
    await desk.write('.gitconfig', `[http]\n\tsslCAInfo = ${desk.authority}\n`);
    return { source: desk.https };
  },
  GIT_SSL_CAINFO: async (desk) => ({ source: desk.https, env: { GIT_SSL_CAINFO: desk.authority } }),
  'http.proxy': async (desk) => {
    await desk.write('.gitconfig', `[http]\n\tproxy = ${desk.world.bitbucket.proxy}\n`);
    return { source: desk.world.bitbucket.url('app') };
  },
  ALL_PROXY: async (desk) => ({
    source: desk.world.bitbucket.url('app'),
    env: { ALL_PROXY: desk.world.bitbucket.proxy },
  }),
  'safe.directory for a repository of another user': async (desk) => {
    await chown(desk.world.source, 54321, 54321);
    await desk.write('.gitconfig', '[safe]\n\tdirectory = *\n');
    return { source: desk.world.source };
  },
  'core.sshCommand': async (desk) => {
    const ssh = await desk.write('ssh', '#!/bin/sh\nfor last; do :; done\neval "$last"\n', 0o755);
    await desk.write('.gitconfig', `[core]\n\tsshCommand = ${ssh}\n[ssh]\n\tvariant = simple\n`);
    return { source: `ssh://nowhere.invalid${desk.world.source}` };
  },
  'a remote that is not called origin': async (desk) => {
    await git(desk.clone, 'remote', 'rename', 'origin', 'bitbucket');
    return {};
  },
  'an upstream remote beside an origin': async (desk) => {
    await git(desk.clone, 'remote', 'rename', 'origin', 'bitbucket');
    await git(desk.clone, 'remote', 'add', 'origin', '/nowhere');
    return {};
  },
  'a relative origin': async (desk) => {
    await git(desk.clone, 'remote', 'set-url', 'origin', '../bitbucket/acme/app.git');
    return {};
  },
};

function toEnv({ world }: Desk, { env, source }: SetUp): Record<string, string> {
  const { SOURCE_PROXY: _proxy, BITBUCKET_SSH_KEY_FILE: _file, ...variables } = world.variables;
  const user = { HOME: world.home, TMPDIR: world.temporary, PATH: process.env['PATH'] ?? '' };
  return {
    ...user,
    ...variables,
    KNOWN_HOSTS: world.knownHosts,
    REFS: 'all',
    ...env,
    ...(source && { SOURCE_URL: source }),
  };
}

describe.each(Object.entries(setUps))('the source is read with %s', (_name, setUp) => {
  test('where git ls-remote reads it', async () => {
    await using desk = await openDesk();
    const { world, clone } = desk;
    const made = await setUp(desk);
    const env = toEnv(desk, made);
    const listed = await run('/usr/bin/env', clone, [
      '-i',
      ...Object.entries({ ...env, GIT_TERMINAL_PROMPT: '0' }).map(([key, value]) => `${key}=${value}`),
      'git',
      'ls-remote',
      ...(made.source === undefined ? [] : [made.source]),
    ]);
    expect(listed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('refs/heads/main') });

    const key = join(world.ssh, 'id_rsa_tmp');
    const flags = ['mirror', '--ssh-key-file', key];
    const { PATH: _path, ...rest } = env;
    const ended = await runProgram('cli', flags, clone, { ...rest, MAX_ATTEMPTS: '1' });
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(ended.output).not.toContain('pw-of-alice');
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    await expectNothingLeft(world);
  });
});

test('a login of SOURCE_URL comes before that of a helper', async () => {
  await using desk = await openDesk();
  const wrong = helper.replace('pw-of-alice', 'wrong');
  await desk.write('.gitconfig', toConfig(await desk.write('helper', wrong, 0o755)));
  const source = desk.http.replace('//', '//alice:pw-of-alice@');
  const { PATH: _path, ...env } = toEnv(desk, { source });
  const key = join(desk.world.ssh, 'id_rsa_tmp');
  const ended = await runProgram('cli', ['mirror', '--ssh-key-file', key], '/', env);
  expect(ended).toMatchObject({ exitCode: 0 });
});

test('in a pipe nothing of this counts', async () => {
  await using desk = await openDesk();
  const { world } = desk;
  await desk.write('.gitconfig', toConfig(await desk.write('helper', helper, 0o755)));
  await desk.write('.netrc', '', 0o600);
  const clone = await world.clone();
  const ended = await world.pipe(clone, {
    SOURCE_URL: desk.http,
    SOURCE_PROXY: undefined,
    MAX_ATTEMPTS: '1',
  });
  expect(ended.exitCode).toBe(1);
  expect(ended.output).toContain('[source-unauthorised]');
  expect(await world.destinationRefs()).toEqual({});
});

describe('a variable that is empty is not set, and a flag wins over its variable', () => {
  test.each([
    ['SOURCE_URL', {}],
    ['SSH_KEY', {}],
    ['BITBUCKET_GIT_HTTP_ORIGIN', {}],
    ['BITBUCKET_CLONE_DIR', {}],
    ['HOME', {}],
    ['TMPDIR', {}],
    ['XDG_CONFIG_HOME', {}],
    ['SOURCE_PROXY', {}],
    ['AWS_ACCESS_KEY_ID', {}],
    ['AWS_PROFILE', {}],
    ['REFS', {}],
  ])('%s is empty', async (name) => {
    await using desk = await openDesk();
    const { PATH: _path, ...env } = toEnv(desk, {});
    const flags = ['mirror', '--ssh-key-file', join(desk.world.ssh, 'id_rsa_tmp'), '--refs', 'all'];
    const ended = await runProgram('cli', flags, desk.clone, { ...env, [name]: '' });
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(await desk.world.destinationRefs()).toEqual(await desk.world.sourceRefs());
  });

  test('SSH_KEY is another key than --ssh-key-file, FORCE is on and --no-force is given', async () => {
    await using desk = await openDesk();
    const { world } = desk;
    const { PATH: _path, ...env } = toEnv(desk, {});
    const flags = ['mirror', '--ssh-key-file', join(world.ssh, 'id_rsa_tmp'), '--no-force'];
    const other = { SSH_KEY: (await import('../../src/sandbox/server')).createKeyPair().privateKey };
    expect(await runProgram('cli', flags, desk.clone, { ...env, ...other })).toMatchObject({ exitCode: 0 });
    const before = await world.destinationRefs();
    await git(world.source, 'update-ref', 'refs/heads/main', 'refs/heads/main~2');
    const ended = await runProgram('cli', flags, desk.clone, { ...env, ...other, FORCE: 'true' });
    expect(ended).toMatchObject({ exitCode: 1, output: expect.stringContaining('[ref-diverged]') });
    expect(await world.destinationRefs()).toEqual(before);
  });

  test('in a pipe too', async () => {
    await using world = await openWorld();
    await growSource(world);
    const clone = await world.clone();
    const empty = {
      SOURCE_URL: '',
      SSH_KEY: '',
      KNOWN_HOSTS: '',
      INCLUDE: '',
      AWS_OIDC_ROLE_ARN: '',
      CHECK: '',
    };
    expect(await world.pipe(clone, empty)).toMatchObject({ exitCode: 0 });
  });
});

describe('what an origin carries is a secret', () => {
  test.each([
    'x-token-auth:TOKEN0123456789TOKEN@bitbucket.org/acme/app.git',
    'https://TOKEN0123456789TOKEN0123456789@bitbucket.org/acme/my app.git',
    'https://x-token-auth:TOKEN0123456789TOKEN@127.0.0.1:1/acme/app.git',
  ])('%s', async (origin) => {
    await using desk = await openDesk();
    await git(desk.clone, 'remote', 'set-url', 'origin', origin);
    const { PATH: _path, ...env } = toEnv(desk, {});
    const flags = ['--ssh-key-file', join(desk.world.ssh, 'id_rsa_tmp')];
    for (const command of ['mirror', 'check']) {
      const more = { MAX_ATTEMPTS: '1', DEBUG: 'true' };
      const ended = await runProgram('cli', [command, ...flags], desk.clone, { ...env, ...more });
      expect(ended.exitCode).toBeGreaterThan(0);
      expect(ended.output).not.toContain('TOKEN01234');
    }
  });
});

test('outside a clone, REFS current says so', async () => {
  await using desk = await openDesk();
  const { PATH: _path, ...env } = toEnv(desk, { source: desk.world.source });
  const flags = ['mirror', '--ssh-key-file', join(desk.world.ssh, 'id_rsa_tmp')];
  const ended = await runProgram('cli', flags, '/', { ...env, REFS: 'current' });
  expect(ended.exitCode).toBe(2);
  expect(ended.output).toContain('REFS is current, but this folder is not in a git clone.');
});
