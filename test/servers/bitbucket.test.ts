import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Bitbucket, openBitbucket } from './bitbucket';
import { openFolder } from './folder';
import { createBareRepository, type Ended, git, gitWith, grow, readRefs, run, tryGit } from './git';
import { parseCommand } from './uploadPackRequest';

/** Runs git through the proxy. */
function throughProxy(bitbucket: Bitbucket, ...args: readonly string[]): Promise<Ended> {
  return tryGit('/', ['-c', `http.proxy=${bitbucket.proxy}`, ...args]);
}

/** Says something to the proxy and gives all that it answers. */
async function say(bitbucket: Bitbucket, text: string): Promise<string> {
  const socket = await openSocket(bitbucket);
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function openSocket(bitbucket: Bitbucket): Promise<Socket> {
  const socket = connect(Number(new URL(bitbucket.proxy).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

function asked(bitbucket: Bitbucket): string[] {
  return bitbucket.requests.map(({ method, protocol, command }) => [method, protocol, command].join(' '));
}

/** The programs of git that this process started and that live. */
async function readBackends(): Promise<number> {
  const { stdout } = await run('ps', '/', ['-A', '-o', 'ppid=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line.includes('--stateless-rpc') && Number.parseInt(line, 10) === process.pid).length;
}

test('a mirror clone through the proxy has every ref, and is asked for with protocol version 2', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  const repository = await bitbucket.createRepository('app');
  const main = await grow(repository, 'main', { count: 3 });
  const feature = await grow(repository, 'feature/one', { from: 'refs/heads/main~1' });
  await git(repository, 'tag', '-a', '-m', 'one', 'v1', 'main~2');
  const v1 = await git(repository, 'rev-parse', 'refs/tags/v1');

  const into = join(folder.path, 'clone');
  const ended = await throughProxy(bitbucket, 'clone', '--quiet', '--mirror', bitbucket.url('app'), into);

  expect(ended).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  expect(await readRefs(into)).toEqual({
    'refs/heads/main': main,
    'refs/heads/feature/one': feature,
    'refs/tags/v1': v1,
  });
  await git(into, 'fsck', '--strict');
  expect(asked(bitbucket)).toEqual(['GET version=2 ', 'POST version=2 ls-refs', 'POST version=2 fetch']);
  expect(bitbucket.requests[0]).toEqual({
    method: 'GET',
    url: 'http://bitbucket.org/acme/app/info/refs?service=git-upload-pack',
    service: 'git-upload-pack',
    protocol: 'version=2',
    command: undefined,
  });
});

test('listing refs is one look and no fetch, with or without .git in the URL', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path, workspace: 'team' });
  const main = await grow(await bitbucket.createRepository('app'), 'main');

  for (const url of ['http://bitbucket.org/team/app', 'http://bitbucket.org/team/app.git']) {
    bitbucket.requests.length = 0;
    const { stdout } = await throughProxy(bitbucket, 'ls-remote', url);
    expect(stdout).toBe(`${main}\tHEAD\n${main}\trefs/heads/main\n`);
    expect(asked(bitbucket)).toEqual(['GET version=2 ', 'POST version=2 ls-refs']);
  }
});

test('protocol version 0 works too: its fetch is told from its look', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  const main = await grow(await bitbucket.createRepository('app'), 'main');
  const into = join(folder.path, 'clone');

  const old = ['-c', 'protocol.version=0', 'clone', '--quiet', '--mirror', bitbucket.url('app'), into];
  expect((await throughProxy(bitbucket, ...old)).exitCode).toBe(0);

  expect(await readRefs(into)).toEqual({ 'refs/heads/main': main });
  expect(asked(bitbucket)).toEqual(['GET  ', 'POST  fetch']);
});

test.each([
  // More than a kibibyte is sent compressed; what might not fit in the buffer, in chunks after a trial of four bytes.
  ['compressed', '1000000', 'Content-Encoding: gzip', []],
  ['streamed in chunks', '65536', 'Transfer-Encoding: chunked', ['POST  ']],
] as const)('a request that is %s reaches git', async (_how, postBuffer, header, trial) => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  const repository = await bitbucket.createRepository('app');
  await grow(repository, 'main', { count: 60 });
  const oids = (await git(repository, 'rev-list', 'main')).split('\n');
  const creations = oids.map((oid, index) => `create refs/heads/${index} ${oid}\n`).join('');
  await gitWith({ input: creations }, repository, 'update-ref', '--stdin');
  const into = await createBareRepository(join(folder.path, 'clone'));
  const settings = ['-c', `http.proxy=${bitbucket.proxy}`, '-c', `http.postBuffer=${postBuffer}`];
  const env = { GIT_TRACE_CURL: '1', GIT_TRACE_CURL_NO_DATA: '1' };

  const fetch = ['fetch', bitbucket.url('app'), 'refs/heads/*:refs/heads/*'];
  const ended = await tryGit(into, [...settings, ...fetch], { env });

  expect(ended.stderr).toContain(`Send header: ${header}`);
  expect(await readRefs(into)).toEqual(await readRefs(repository));
  const look = ['GET version=2 ', ...trial, 'POST version=2 ls-refs'];
  expect(asked(bitbucket)).toEqual([...look, ...trial, 'POST version=2 fetch']);
});

test.each([
  ['0014command=ls-refs\n', 'ls-refs'],
  ['0011command=fetch0015agent=git/2.39.5', 'fetch'],
  ['00a4want 97b56e4d5450f1f1cc892f587ce5bd054a43386a multi_ack', 'fetch'],
  ['0000', undefined],
  ['', undefined],
] as const)('the start of a request, %j, asks for %s', (start, command) => {
  expect(parseCommand(Buffer.from(start), undefined)).toBe(command);
  // Cut short, as the first chunk of a stream is.
  expect(parseCommand(gzipSync(start + 'x'.repeat(500)).subarray(0, -9), 'gzip')).toBe(command);
});

test('an unknown repository is not found', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  const ended = await throughProxy(bitbucket, 'ls-remote', bitbucket.url('none'));
  expect(ended.exitCode).toBe(128);
  expect(ended.stderr).toBe(`fatal: repository '${bitbucket.url('none')}/' not found\n`);
});

test('nothing but reading repositories of the workspace is served', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  await bitbucket.createRepository('app');
  await createBareRepository(join(folder.path, 'secret.git'));
  const get = (url: string) => say(bitbucket, `GET ${url} HTTP/1.0\r\n\r\n`);
  const service = 'info/refs?service=git-upload-pack';

  expect(await get(`http://bitbucket.org/acme/app/${service}`)).toMatch(/^HTTP\/1.1 200 /);
  expect(await get(`http://example.com/acme/app/${service}`)).toMatch(/^HTTP\/1.1 403 /);
  expect(await get(`/acme/app/${service}`)).toMatch(/^HTTP\/1.1 403 /);
  expect(await get('http://bitbucket.org/acme/app/HEAD')).toMatch(/^HTTP\/1.1 403 /);
  expect(await get(`http://bitbucket.org/acme/../secret/${service}`)).toMatch(/^HTTP\/1.1 404 /);
  expect(await get(`http://bitbucket.org/acme/..%2fsecret/${service}`)).toMatch(/^HTTP\/1.1 404 /);
  expect(await get(`http://bitbucket.org/other/app/${service}`)).toMatch(/^HTTP\/1.1 404 /);
  expect(await say(bitbucket, 'CONNECT bitbucket.org:443 HTTP/1.1\r\nHost: bitbucket.org\r\n\r\n')).toMatch(
    /^HTTP\/1.1 405 /,
  );
});

test('a push is forbidden and changes nothing', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  const repository = await bitbucket.createRepository('app');
  const main = await grow(repository, 'main');
  const local = await createBareRepository(join(folder.path, 'local'));
  await grow(local, 'other');

  const ended = await throughProxy(bitbucket, '-C', local, 'push', bitbucket.url('app'), 'other');

  expect(ended.exitCode).toBe(128);
  expect(ended.stderr).toContain('The requested URL returned error: 403');
  expect(bitbucket.requests.map(({ service }) => service)).toEqual(['git-receive-pack']);
  expect(await readRefs(repository)).toEqual({ 'refs/heads/main': main });
});

test('the status that is wanted is answered, and then no longer', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  await bitbucket.createRepository('app');
  const look = () => throughProxy(bitbucket, 'ls-remote', bitbucket.url('app'));

  bitbucket.faults.status = 401;
  expect((await look()).stderr).toContain('could not read Username');
  bitbucket.faults.status = 502;
  expect((await look()).stderr).toContain('The requested URL returned error: 502');
  bitbucket.faults.status = undefined;
  expect(await look()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('unreachable: the connection is reset', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  bitbucket.faults.unreachable = true;
  const ended = await throughProxy(bitbucket, 'ls-remote', bitbucket.url('app'));
  expect(ended.exitCode).toBe(128);
  expect(ended.stderr).toContain('Recv failure: Connection reset by peer');
  expect(bitbucket.requests).toEqual([]);
});

test('a pack that breaks off fails the clone', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  await grow(await bitbucket.createRepository('app'), 'main', { count: 20 });
  bitbucket.faults.dropFetchAfterBytes = 500;
  const into = join(folder.path, 'clone');
  const ended = await throughProxy(bitbucket, 'clone', '--bare', bitbucket.url('app'), into);
  expect(ended.exitCode).toBe(128);
  expect(ended.stderr).toContain('transfer closed with outstanding read data remaining');
});

test('the world can move on after the look, and again before the fetch', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  const repository = await bitbucket.createRepository('app');
  const main = await grow(repository, 'main');
  const gone = await grow(repository, 'gone');
  const moments: string[] = [];
  bitbucket.faults.afterLook = async () => {
    moments.push('look');
    await git(repository, 'update-ref', '-d', 'refs/heads/gone');
  };
  bitbucket.faults.beforeFetch = async () => {
    moments.push('fetch');
    await grow(repository, 'main');
  };
  const into = join(folder.path, 'clone');

  expect(
    (await throughProxy(bitbucket, 'clone', '--quiet', '--mirror', bitbucket.url('app'), into)).exitCode,
  ).toBe(0);

  expect(moments).toEqual(['look', 'fetch']);
  expect(await readRefs(into)).toEqual({ 'refs/heads/main': main, 'refs/heads/gone': gone });
  expect(Object.keys(await readRefs(repository))).toEqual(['refs/heads/main']);
  expect((await readRefs(repository))['refs/heads/main']).not.toBe(main);
});

test('when disposed, hanging clients are let go, git is gone and nobody listens', async () => {
  await using folder = await openFolder();
  await using bitbucket = await openBitbucket({ root: folder.path });
  await bitbucket.createRepository('app');
  // A body that never ends keeps git waiting.
  const waiting = await openSocket(bitbucket);
  waiting.write(
    'POST http://bitbucket.org/acme/app/git-upload-pack HTTP/1.1\r\nHost: bitbucket.org\r\nContent-Length: 9999\r\n' +
      `Content-Type: application/x-git-upload-pack-request\r\nGit-Protocol: version=2\r\n\r\n0014command=ls-refs\n0001${'0018ref-prefix refs/tags'.repeat(5)}`,
  );
  const waitingClosed = once(waiting.on('error', () => undefined).resume(), 'close');
  while ((await readBackends()) === 0);
  bitbucket.faults.hang = true;
  const hanging = throughProxy(bitbucket, 'ls-remote', bitbucket.url('app'));
  while (bitbucket.requests.length < 2) await new Promise(setImmediate);

  await bitbucket[Symbol.asyncDispose]();

  expect(await readBackends()).toBe(0);
  await waitingClosed;
  expect((await hanging).exitCode).toBe(128);
  expect((await throughProxy(bitbucket, 'ls-remote', bitbucket.url('app'))).stderr).toContain(
    'Failed to connect',
  );
});
