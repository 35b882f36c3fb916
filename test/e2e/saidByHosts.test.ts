// @module-tag slow
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { git, run } from '../servers/git';
import { openTunnelProxy } from '../servers/tunnelProxy';
import { expectNothingLeft } from './footprint';
import { growSource, seedDestination } from './scene';
import { openWitness } from './witness';
import { openWorld, type Run, runProgram, type World } from './world';

type Changes = Readonly<Record<string, string | undefined>>;

/** The same variables for a mirror and for a check, each as a pipe. */
async function runBoth(
  world: World,
  changes: Changes,
): Promise<{ readonly mirror: Run; readonly check: Run }> {
  const clone = await world.clone();
  const before = await world.destinationRefs();
  const asked = { REFS: 'all', MAX_ATTEMPTS: '1', NO_COLOR: '1', ...changes };
  const mirror = await world.pipe(clone, asked);
  const check = await world.pipe(clone, { ...asked, CHECK: 'true' });
  expect(await world.destinationRefs()).toEqual(before);
  for (const { output } of [mirror, check])
    expect(output).not.toMatch(/^ +at .*:\d+|\[(internal|git-failed)\]/m);
  await expectNothingLeft(world);
  return { mirror, check };
}

function expectSaid(
  { mirror, check }: { readonly mirror: Run; readonly check: Run },
  { code, says, point = 'source' }: { readonly code: string; readonly says: RegExp; readonly point?: string },
): void {
  expect(mirror).toMatchObject({ exitCode: 1, output: expect.stringContaining(`[${code}]`) });
  expect(mirror.output).toMatch(says);
  expect(check.exitCode).toBe(1);
  expect(check.output).toMatch(new RegExp(`✖ ${point}: `));
  expect(check.output).toMatch(says);
}

const end = 'fatal: Could not read from remote repository.';
const source = 'ssh://git@git.invalid/acme/app.git';

/** Puts an `ssh` on the PATH that says this and ends, where it is to go to `host`; else it is the real one. */
async function openSaying(
  world: World,
  host: string,
  said: { stdout?: string; stderr?: string },
): Promise<string> {
  const bin = join(world.root, 'saying');
  await mkdir(bin);
  await writeFile(join(world.root, 'stdout'), said.stdout ?? '');
  await writeFile(join(world.root, 'stderr'), said.stderr ?? '');
  const real = (await run('sh', '/', ['-c', 'command -v ssh'])).stdout.trim();
  const script = `#!/bin/sh
case " $* " in
  *' -G '*) exec ${real} "$@" ;;
  *'${host} '*) cat ${join(world.root, 'stdout')}; cat ${join(world.root, 'stderr')} >&2; exit 255 ;;
esac
exec ${real} "$@"
`;
  await writeFile(join(bin, 'ssh'), script, { mode: 0o755 });
  return `${bin}:${(await openWitness(join(world.root, 'witness'))).path}`;
}

/** What ssh and the hosts write, and the code and the next step that it is to get. */
const ofSource = [
  ['ssh: connect to host git.invalid port 22: Connection timed out', 'source-unreachable', /port 22/],
  [
    'You may not have access to this repository or it no longer exists in this workspace. If you think this repository exists and you have access, make sure you are authenticated.',
    'source-unauthorised',
    /access token|git ls-remote/,
  ],
  ['conq: repository does not exist.', 'source-not-found', /Check the workspace and the repository name/],
  ['ERROR: Repository not found.', 'source-not-found', /Check the workspace/],
  ['Unauthorized', 'source-unauthorised', /access token/],
  [
    'To access this repository, an admin must whitelist your IP.',
    'source-unauthorised',
    /an admin must whitelist your IP/,
  ],
  [
    "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.",
    // What a server sends for display is quoted and decides nothing.
    'source-unreachable',
    /could not be found or you don't have permission/,
  ],
  ["ERROR: The 'acme' organization has enabled or enforced SAML SSO.", 'source-unauthorised', /SAML SSO/],
  ['git@git.invalid: Permission denied (publickey).', 'source-unauthorised', /Permission denied/],
  [
    'Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-rsa',
    'algorithms-disjoint',
    /https:\/\/|~\/\.ssh\/config/,
  ],
  ['No user exists for uid 54321', 'ssh-unusable', /run as a user in \/etc\/passwd/],
  ['Load key "/x/id_rsa": error in libcrypto', 'ssh-unusable', /error in libcrypto/],
  ['Bad owner or permissions on /etc/ssh/ssh_config.d/x.conf', 'ssh-unusable', /ssh_config\.d\/x\.conf/],
] as const;

test.each(ofSource)('of the source: %s', async (line, code, says) => {
  await using world = await openWorld();
  await growSource(world);
  const PATH = await openSaying(world, 'git.invalid', { stderr: `${line}\r\n` });
  const both = await runBoth(world, { PATH, SOURCE_URL: source, SOURCE_PROXY: undefined });
  expectSaid(both, { code, says });
  for (const { output } of [both.mirror, both.check]) expect(output).toContain(line.slice(0, 60));
});

test.each([
  ['ssh: connect to host 127.0.0.1 port 22: Connection timed out', 'destination-unreachable', /port/],
  ['No user exists for uid 54321', 'ssh-unusable', /run as a user in \/etc\/passwd/],
  ['Bad owner or permissions on /etc/ssh/ssh_config', 'ssh-unusable', /\/etc\/ssh\/ssh_config/],
  ['Load key "/x/id_rsa": error in libcrypto', 'ssh-unusable', /error in libcrypto/],
  [
    'Received disconnect from 127.0.0.1 port 22:2: Too many authentication failures',
    'permission-denied',
    /key/,
  ],
] as const)('of the destination: %s', async (line, code, says) => {
  await using world = await openWorld();
  await growSource(world);
  const PATH = await openSaying(world, '127.0.0.1', { stderr: `${line}\r\n` });
  expectSaid(await runBoth(world, { PATH }), { code, says, point: 'connection' });
});

test('a login shell that greets before git speaks is quoted', async () => {
  await using world = await openWorld();
  await growSource(world);
  const PATH = await openSaying(world, 'git.invalid', { stdout: 'Welcome to git.invalid!\n', stderr: end });
  const both = await runBoth(world, { PATH, SOURCE_URL: source, SOURCE_PROXY: undefined });
  expectSaid(both, { code: 'not-git', says: /login shell that prints a greeting/ });
  expect(both.mirror.output).toContain('Welc');
});

test('an old git that does not know an option of ours', async () => {
  await using world = await openWorld();
  await growSource(world);
  const bin = join(world.root, 'old');
  await mkdir(bin);
  const real = (await run('sh', '/', ['-c', 'command -v git'])).stdout.trim();
  const script = `#!/bin/sh\ncase " $* " in *' fetch '*) echo "error: unknown option \\\`stdin'" >&2; exit 129 ;; ' version ') echo 'git version 2.25.1'; exit ;; esac\nexec ${real} "$@"\n`;
  await writeFile(join(bin, 'git'), script, { mode: 0o755 });
  const both = await runBoth(world, { PATH: `${bin}:${process.env['PATH']}` });
  expectSaid(both, { code: 'git-too-old', says: /git 2\.32 or newer is required/, point: 'git' });
});

describe('repositories that are no ordinary ones', () => {
  test('SHA-256 at the source', async () => {
    await using world = await openWorld();
    await seedSha256(join(world.root, 'sha256.git'));
    await growSource(world);
    const SOURCE_URL = `file://${join(world.root, 'sha256.git')}`;
    const both = await runBoth(world, { SOURCE_URL, SOURCE_PROXY: undefined });
    expectSaid(both, { code: 'object-format', says: /--object-format=sha1/ });
  });

  test('a shallow source says how to make it whole', async () => {
    await using world = await openWorld();
    await growSource(world);
    const shallow = join(world.root, 'shallow.git');
    await git('/', 'clone', '--quiet', '--bare', '--depth=3', `file://${world.source}`, shallow);
    const SOURCE_URL = `file://${shallow}`;
    const dir = join(world.root, 'nowhere');
    await mkdir(dir);
    const { HOME, TMPDIR } = { HOME: world.home, TMPDIR: world.temporary };
    const { SOURCE_PROXY: _proxy, ...variables } = world.variables;
    const env = { HOME, TMPDIR, ...variables, SOURCE_URL, REFS: 'all', MAX_ATTEMPTS: '1' };
    for (const [program, args] of [
      ['pipe', []],
      ['cli', ['mirror']],
    ] as const) {
      const ended = await runProgram(program, args, dir, env);
      expect(ended.exitCode).toBe(1);
      expect(ended.output).toContain('git fetch --unshallow');
      expect(ended.output).not.toMatch(/\[(git-failed|internal)\]/);
      expect(await world.destinationRefs()).toEqual({});
    }
    await expectNothingLeft(world);
  });
});

async function seedSha256(path: string): Promise<void> {
  await git('/', 'init', '--quiet', '--bare', '--initial-branch=main', '--object-format=sha256', path);
  const tree = await git(path, 'mktree');
  await git(path, 'update-ref', 'refs/heads/main', await git(path, 'commit-tree', tree, '-m', 'x'));
}

test('SHA-256 at the destination', async () => {
  await using world = await openWorld();
  await growSource(world);
  await run('rm', '/', ['-r', world.destination]);
  await seedSha256(world.destination);
  const clone = await world.clone();
  const ended = await world.pipe(clone, { REFS: 'all', MAX_ATTEMPTS: '3' });
  expect(ended).toMatchObject({ exitCode: 1, output: expect.stringContaining('[object-format]') });
  expect(ended.output).not.toContain('Trying again');
  await expectNothingLeft(world);
});

describe('what stands between', () => {
  test('a certificate of nobody: the source is named, and SSL_CERT_FILE', async () => {
    await using world = await openWorld();
    await growSource(world);
    const server = createServer(createCertificate(), (_request, response) => response.writeHead(404).end());
    const port = await listenOnLoopback(server);
    try {
      const SOURCE_URL = `https://127.0.0.1:${port}/acme/app.git`;
      const both = await runBoth(world, { SOURCE_URL, SOURCE_PROXY: undefined });
      expectSaid(both, { code: 'certificate-refused', says: /the source https:[\s\S]*SSL_CERT_FILE/ });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test.each(['source', 'destination'] as const)(
    'a proxy that wants a login, on the way to the %s',
    async (end) => {
      await using world = await openWorld(end === 'source' ? 'sandbox' : 'https');
      await growSource(world);
      await seedDestination(world, {});
      await using proxy = await openTunnelProxy('ada:secret-of-proxy');
      const without = proxy.url.replace('ada:secret-of-proxy@', '');
      const changes =
        end === 'source'
          ? { SOURCE_URL: 'https://git.invalid/acme/app.git', SOURCE_PROXY: undefined, https_proxy: without }
          : { https_proxy: without };
      const both = await runBoth(world, changes);
      expectSaid(both, {
        code: 'proxy-refused',
        says: /407/,
        point: end === 'source' ? 'source' : 'connection',
      });
      expect(both.mirror.output).not.toMatch(/access key|credentials-refused/);
    },
  );

  test.each([
    ['To access this repository, an admin must whitelist your IP.', 403, 'source-unauthorised'],
    ['To access this repository, enable two-step authentication.', 403, 'source-unauthorised'],
    ['Repository not found', 404, 'source-not-found'],
    ['CHANGE-3222', 410, 'source-unauthorised', /app passwords.*\n.*access token/],
  ] as const)('a host that answers over HTTPS: %s', async (words, status, code, says = new RegExp(words)) => {
    await using world = await openWorld();
    await growSource(world);
    const made = createCertificate();
    const server = createServer(made, (_request, response) =>
      response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${words}\n`),
    );
    const port = await listenOnLoopback(server);
    const SSL_CERT_FILE = join(world.root, 'authority.pem');
    await writeFile(SSL_CERT_FILE, made.cert);
    try {
      const SOURCE_URL = `https://127.0.0.1:${port}/acme/app.git`;
      const both = await runBoth(world, { SOURCE_URL, SOURCE_PROXY: undefined, SSL_CERT_FILE });
      expectSaid(both, { code, says });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
