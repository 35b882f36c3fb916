import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endConnection, prepareSession } from '../../../src/remote/ssh/controlSocket';
import { createKeyPair, openSandbox, type SandboxFaults } from '../../../src/sandbox/server';
import { openFolder } from '../../servers/folder';
import { grow, run } from '../../servers/git';

/** An ssh that is connected to a sandbox and listens on `socket`. */
async function openMaster(faults: SandboxFaults = {}) {
  const folder = await openFolder();
  const { privateKey, publicKey } = createKeyPair();
  const sandbox = await openSandbox({ root: folder.path, faults });
  sandbox.allow('APKAEXAMPLE', publicKey);
  const [key = '', hosts = '', socket = ''] = ['key', 'hosts', 'socket'].map((name) =>
    join(folder.path, name),
  );
  await writeFile(key, privateKey, { mode: 0o600 });
  await writeFile(hosts, `${sandbox.knownHosts}\n`);
  const login = ['-F', 'none', '-i', key, '-p', String(sandbox.port), '-l', 'APKAEXAMPLE', '-S', socket];
  const trust = [`UserKnownHostsFile=${hosts}`, 'StrictHostKeyChecking=yes', 'HostKeyAlgorithms=+ssh-rsa'];
  const settings = [...trust, 'ControlPersist=60'].flatMap((line) => ['-o', line]);
  const ask = (...options: string[]) =>
    run('ssh', folder.path, [...login, ...settings, ...options, '127.0.0.1']);
  expect(await ask('-M', '-N', '-T')).toMatchObject({ exitCode: 0, stderr: '' });
  return {
    sandbox,
    socket,
    isConnected: async () => (await ask('-O', 'check')).exitCode === 0,
    async [Symbol.asyncDispose]() {
      await endConnection(socket);
      await sandbox[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function read(output: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of output) {
    pieces.push(piece);
    if (Buffer.concat(pieces).toString().endsWith('0000')) break;
  }
  return Buffer.concat(pieces).toString();
}

test('a prepared session runs its command when it is told to', async () => {
  await using master = await openMaster();
  const repository = await master.sandbox.createRepository('app');
  await grow(repository, 'main');
  const [first, second] = [prepareSession(master.socket), prepareSession(master.socket)];
  expect(await read(first.run(`git-upload-pack '/v1/repos/app'`))).toContain(' refs/heads/main\n');
  const tip = await grow(repository, 'main');
  expect(await read(second.run(`git-upload-pack '/v1/repos/app'`))).toContain(`${tip} refs/heads/main\n`);
  expect(master.sandbox.counts.connections).toBe(1);
});

test('a session that is stopped, or has no ssh behind it, ends its reader', async () => {
  await using master = await openMaster();
  const session = prepareSession(master.socket);
  const reading = read(session.run(`git-upload-pack '/v1/repos/app'`));
  session.stop();
  await expect(reading).rejects.toThrow();
  expect(await master.isConnected()).toBe(true);
  await expect(read(prepareSession(`${master.socket}.none`).run('git-upload-pack'))).rejects.toThrow(
    'ENOENT',
  );
});

test('the connection ends with everything in it', async () => {
  await using master = await openMaster();
  const session = prepareSession(master.socket);
  await endConnection(master.socket);
  expect(await master.isConnected()).toBe(false);
  await expect(read(session.run('git-upload-pack'))).rejects.toThrow();
  await endConnection(master.socket);
});
