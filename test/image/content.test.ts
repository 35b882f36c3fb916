import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { openFolder } from '../servers/folder';
import { run } from '../servers/git';
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
    '/opt': [
      'THIRD-PARTY-LICENSES.txt',
      'cli.js',
      'cli.js.cache',
      'lambda.js',
      'load.js',
      'main.js',
      'node-version',
      'pipe.js',
      'pipe.js.cache',
      'sbom.cdx.json',
    ],
    '/usr/lib/node_modules': 'ENOENT',
  });
});

test('its bill of materials has its libraries, its Debian packages, and its Node, with the versions that run', async () => {
  const read = `console.log(require('node:fs').readFileSync('/opt/sbom.cdx.json', 'utf8'))`;
  const { output } = await runInside('node', ['-e', read]);
  const { metadata, components } = JSON.parse(output);
  const purls = components.map(({ purl }: { purl: string }) => purl);
  expect(metadata.component).toMatchObject({ type: 'container', name: 'codecommit-mirror', version });
  const versionOf = async (program: string, args: string[], pattern: RegExp) =>
    pattern.exec((await runInside(program, args)).output)?.[1] ?? 'none';
  const node = await versionOf('node', ['--version'], /v([\d.]+)/);
  expect(purls).toContain(`pkg:generic/node@${node}`);
  const git = await versionOf('git', ['--version'], /git version ([\d.]+)/);
  expect(purls).toContainEqual(expect.stringMatching(new RegExp(`^pkg:deb/debian/git@[^?]*${git}`)));
  for (const name of ['openssh-client', 'git-lfs', 'dash', 'libc6', 'ca-certificates'])
    expect(purls).toContainEqual(expect.stringMatching(new RegExp(`^pkg:deb/debian/${name}@`)));
  expect(purls).toContainEqual(expect.stringMatching(/^pkg:npm\/ssh2@/));
  // Nothing that only built it.
  for (const name of ['binutils', 'apt', 'bash'])
    expect(purls).not.toContainEqual(expect.stringMatching(new RegExp(`^pkg:deb/debian/${name}@`)));
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
