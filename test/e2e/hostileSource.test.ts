import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { openSandbox } from '../../src/sandbox/server';
import { git, grow, readRefs } from '../servers/git';
import { keyId, keyPair, runProgram } from './world';

const type = 'application/x-git-upload-pack-advertisement';
const oid = 'a'.repeat(40);

function packet(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

/** A listing of protocol version 0, with these refs. */
function toListing(...refs: readonly string[]): string {
  const [first = '', ...more] = refs.map((ref) => `${oid} ${ref}`);
  const lines = [`${first}\0side-band-64k\n`, ...more.map((line) => `${line}\n`)];
  return `${packet('# service=git-upload-pack\n')}0000${lines.map(packet).join('')}0000`;
}

type Answer = (request: IncomingMessage, response: ServerResponse, secret: string) => void;

/** Mirrors from a source that lies, with FORCE and PRUNE, to a destination that has something to lose. */
async function mirrorFrom(answer: Answer) {
  const root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  for (const name of ['codecommit', 'home', 'tmp']) await mkdir(join(root, name));
  await using sandbox = await openSandbox({ root: join(root, 'codecommit') });
  sandbox.allow(keyId, keyPair.publicKey);
  const asked: string[] = [];
  // A repository on this machine that a redirection could lead to.
  const secret = join(root, 'secret');
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url} ${request.headers.authorization ?? ''}`);
    answer(request, response, secret);
  });
  const port = await listenOnLoopback(server);
  try {
    const destination = await sandbox.createRepository('app');
    await grow(destination, 'main');
    await git(root, 'clone', '--quiet', '--bare', destination, secret);
    await grow(secret, 'secret');
    const before = await readRefs(destination);
    const ended = await runProgram('pipe', [], root, {
      HOME: join(root, 'home'),
      TMPDIR: join(root, 'tmp'),
      SOURCE_URL: `http://user:password-of-the-source@127.0.0.1:${port}/acme/app`,
      CODECOMMIT_URL: sandbox.url('app'),
      SSH_KEY_ID: keyId,
      SSH_KEY: keyPair.privateKey,
      KNOWN_HOSTS: sandbox.knownHosts,
      REFS: 'all',
      FORCE: 'true',
      PRUNE: 'true',
      MAX_ATTEMPTS: '1',
      DEBUG: 'true',
    });
    expect([ended.exitCode, await readRefs(destination)]).toEqual([1, before]);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    expect(ended.output).not.toMatch(/(?![\n\t])\p{Cc}|password-of-the-source/u);
    return { ...ended, asked, port };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true });
  }
}

test.each([
  ['a page of a captive portal', 200, 'text/html', '<html>Please log in</html>'],
  ['a page that says it is a listing', 200, type, '<html>\u001b[2JPlease log in</html>'],
  ['nothing', 200, type, ''],
  ['a listing without an end', 200, type, toListing('refs/heads/main').slice(0, -4)],
  [
    'a listing that is cut off in a line',
    200,
    type,
    toListing('refs/heads/main', 'refs/heads/x').slice(0, -20),
  ],
  ['a ref that leads out of the repository', 200, type, toListing('refs/heads/../../config')],
  ['an escape sequence as a ref', 200, type, toListing('refs/heads/\u001b[2J')],
  ['objects that it does not have', 200, type, toListing('refs/heads/main')],
  ['no branch at all', 200, type, toListing('capabilities^{}').replace(oid, '0'.repeat(40))],
  ['a server error with escape sequences', 503, 'text/plain', '\u001b[2Jdown'],
])(
  'a source that answers %s: nothing is changed, exit 1',
  { tags: ['slow'] },
  async (_title, status, contentType, body) => {
    const ended = await mirrorFrom((_request, response) => {
      response.writeHead(status, { 'Content-Type': contentType }).end(body);
    });
    expect(ended.output).toMatch(/✖ [\s\S]*\[[a-z-]+\]/);
  },
);

test('a source whose connection is cut in the middle of the listing', async () => {
  const body = toListing('refs/heads/main', 'refs/heads/x');
  const ended = await mirrorFrom((_request, response) => {
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': String(body.length) });
    response.write(body.slice(0, -30), () => response.destroy());
  });
  expect(ended.output).toContain('[source-unreachable]');
});

test.each(['file', 'ext'])(
  'a source that redirects to %s:: is not followed',
  { tags: ['slow'] },
  async (scheme) => {
    const ended = await mirrorFrom((_request, response, secret) => {
      const location =
        scheme === 'file' ? `file://${secret}/info/refs` : `ext::sh -c touch% ${secret}/canary`;
      response.writeHead(302, { Location: location }).end();
    });
    expect(ended.asked.length).toBeGreaterThan(0);
  },
);

test('a source that redirects to another host does not get the password sent there', async () => {
  const ended = await mirrorFrom((request, response) => {
    if (request.headers.host?.startsWith('localhost')) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      return;
    }
    const port = request.headers.host?.split(':')[1];
    response.writeHead(302, { Location: `http://localhost:${port}${request.url}` }).end();
  });
  const elsewhere = ended.asked.filter((request) => request.startsWith('localhost'));
  expect(elsewhere.length).toBeGreaterThan(0);
  for (const request of elsewhere) expect(request).toMatch(/ $/);
});
