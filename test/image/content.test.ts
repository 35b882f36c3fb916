import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { openFolder } from '../servers/folder';
import { run } from '../servers/git';
import { listenOnLoopback } from '../servers/loopback';
import { type ContainerOptions, startContainer } from './container';

/** Runs a program of the image, in place of the pipe. */
async function runInside(program: string, args: readonly string[], options: ContainerOptions = {}) {
  return await startContainer({ ...options, entrypoint: program }, args).ended;
}

test('as a registry holds it, compressed by gzip, it has at most 70 MB', async () => {
  await using folder = await openFolder();
  const push = ['push', '--quiet', '--format=oci', inject('image'), `dir:${folder.path}`];
  const pushed = await run('buildah', '/', push);
  expect(pushed.stderr).toBe('');

  const manifest = await readFile(join(folder.path, 'manifest.json'), 'utf8');
  expect(manifest).toContain('application/vnd.oci.image.layer.v1.tar+gzip');
  let bytes = 0;
  for (const name of await readdir(folder.path)) bytes += (await stat(join(folder.path, name))).size;
  expect(bytes).toBeGreaterThan(20_000_000);
  expect(bytes).toBeLessThanOrEqual(70_000_000);
});

test('it has the programs that a mirror runs and no others', async () => {
  const list = `
    const { readdirSync } = require('node:fs');
    const folders = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/sbin', '/usr/lib/git-core', '/opt', '/usr/lib/node_modules'];
    const read = (folder) => { try { return readdirSync(folder).sort(); } catch (error) { return error.code; } };
    console.log(JSON.stringify(Object.fromEntries(folders.map((folder) => [folder, read(folder)]))));`;

  const { output } = await runInside('node', ['-e', list]);

  expect(JSON.parse(output)).toEqual({
    '/usr/local/bin': ['node'],
    '/usr/bin': ['git', 'git-lfs', 'sh', 'ssh'],
    '/usr/sbin': 'ENOENT',
    '/sbin': 'ENOENT',
    '/usr/lib/git-core': ['git', 'git-remote-http', 'git-remote-https', 'git-upload-pack'],
    '/opt': ['THIRD-PARTY-LICENSES.txt', 'cli.js', 'main.js', 'pipe.js'],
    '/usr/lib/node_modules': 'ENOENT',
  });
});

test.each([
  ['node', ['--version'], /^v24\./],
  ['git', ['--version'], /^git version 2\./],
  ['git', ['lfs', 'version'], /^git-lfs\/3\./],
  ['ssh', ['-V'], /^OpenSSH_/],
])('%s %s starts', async (program, args, expected) => {
  const { exitCode, output } = await runInside(program, args);
  expect(output).toMatch(expected);
  expect(exitCode).toBe(0);
});

test('git reads credentials from a file by its own helper, through the shell', async () => {
  await using folder = await openFolder();
  const store = join(folder.path, 'credentials');
  await writeFile(store, 'https://ada:word@example.com\n', { mode: 0o644 });
  const script = `printf 'protocol=https\\nhost=example.com\\n\\n' | git -c credential.helper="store --file='${store}'" credential fill`;

  const { output } = await runInside('sh', ['-c', script], { readOnlyVolumes: [store] });

  expect(output).toBe('protocol=https\nhost=example.com\nusername=ada\npassword=word\n');
});

test('names are looked up in /etc/hosts and at name servers', async () => {
  const hosts = ['--add-host=mirror.example:127.0.0.1'];
  const known = await runInside('ssh', ['-p', '1', 'mirror.example'], { options: hosts });
  expect(known.output).toContain('connect to host mirror.example port 1: Connection refused');
  const unknown = await runInside('git', ['ls-remote', 'https://nowhere.invalid/x']);
  expect(unknown.output).toContain('Could not resolve host: nowhere.invalid');
});

test('an HTTPS source is read, and only from a server whose certificate is trusted', async () => {
  await using folder = await openFolder();
  const [key, certificate] = [join(folder.path, 'key'), join(folder.path, 'certificate')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const output = ['-keyout', key, '-out', certificate];
  const made = await run('openssl', '/', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    ...subject,
    ...output,
  ]);
  expect(made.exitCode, made.stderr).toBe(0);
  const oid = 'a'.repeat(40);
  // The least that git takes for a server (gitprotocol-http(5), "dumb server").
  const server = createServer(
    { key: await readFile(key), cert: await readFile(certificate) },
    (request, response) =>
      response.end(
        request.url?.includes('/info/refs') ? `${oid}\trefs/heads/main\n` : 'ref: refs/heads/main\n',
      ),
  );
  const url = `https://localhost:${await listenOnLoopback(server)}/app`;
  try {
    const stranger = await runInside('git', ['ls-remote', url]);
    expect(stranger.output).toContain('certificate signer not trusted');
    const trust = [`${certificate}:/etc/ssl/certs/ca-certificates.crt`];
    const trusted = await runInside('git', ['ls-remote', url, 'refs/heads/main'], { readOnlyVolumes: trust });
    expect(trusted.output).toBe(`${oid}\trefs/heads/main\n`);
  } finally {
    server.close();
  }
});
