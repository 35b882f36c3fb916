import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, {
  type KnownPublicKeys,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { expect, it } from 'vitest';
import { createKeyPair, openSandbox } from '../../../src/sandbox/server';
import { openSite, run, sshKeyId, toAddress, userKeys } from '../client';

const refusal = `${sshKeyId}@127.0.0.1: Permission denied (publickey).\r\n`;

it('refuses another key than the user has', async () => {
  await using site = await openSite();
  await writeFile(join(site.folder, 'key'), createKeyPair().privateKey);
  expect(await site.ssh(undefined)).toEqual({ exitCode: 255, stdout: '', stderr: refusal });
  expect(site.sandbox.counts).toMatchObject({ authentications: 0, offeredKeys: 1, sessions: 0 });
});

it('refuses a user that it does not know', async () => {
  await using site = await openSite();
  const list = await site.git(['ls-remote', site.sandbox.url('demo', 'AIDAEXAMPLE000000001')]);
  expect(list.exitCode).toBe(128);
  expect(list.stderr).toContain('AIDAEXAMPLE000000001@127.0.0.1: Permission denied (publickey)');
  expect(site.sandbox.counts).toMatchObject({ authentications: 0, offeredKeys: 1, sessions: 0 });
});

it('refuses the key of another user', async () => {
  await using site = await openSite();
  site.sandbox.allow('APKAEXAMPLE000000002', createKeyPair().publicKey);
  const list = await site.git(['ls-remote', site.sandbox.url('demo', 'APKAEXAMPLE000000002')]);
  expect(list.stderr).toContain('APKAEXAMPLE000000002@127.0.0.1: Permission denied (publickey)');
  expect(site.sandbox.counts.authentications).toBe(0);
});

it('refuses every key while it shall, and no longer', async () => {
  await using site = await openSite({ refuseKeys: true });
  expect((await site.ssh(undefined)).stderr).toBe(refusal);
  site.sandbox.faults.refuseKeys = false;
  expect((await site.ssh(undefined)).exitCode).toBe(1);
  expect(site.sandbox.counts).toMatchObject({ connections: 2, authentications: 1, sessions: 1 });
});

it('refuses keys that are not RSA', async () => {
  await using site = await openSite();
  const file = join(site.folder, 'ed25519');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  const publicKey = await readFile(`${file}.pub`, 'utf8');
  expect(() => site.sandbox.allow(sshKeyId, publicKey)).toThrow(
    'only RSA keys are accepted, not ssh-ed25519',
  );
  expect((await site.ssh(undefined, ['-o', `IdentityFile=${file}`])).exitCode).toBe(1);
  expect(site.sandbox.counts).toMatchObject({ authentications: 1, offeredKeys: 2 });
  await writeFile(join(site.folder, 'key'), await readFile(file));
  expect((await site.ssh(undefined)).stderr).toBe(refusal);
  expect(site.sandbox.counts).toMatchObject({ authentications: 1, offeredKeys: 3 });
});

it('refuses passwords', async () => {
  await using site = await openSite();
  const result = await site.ssh(undefined, ['-o', 'PreferredAuthentications=password,keyboard-interactive']);
  expect(result.stderr).toBe(refusal);
  expect(site.sandbox.counts).toMatchObject({ authentications: 0, offeredKeys: 0 });
});

/** Shows somebody's public key, and signs with its own private key. */
class Impostor extends ssh2.BaseAgent<ParsedKey> {
  readonly #shown: ParsedKey;
  readonly #own: ParsedKey;

  constructor(shown: ParsedKey, own: ParsedKey) {
    super();
    this.#shown = shown;
    this.#own = own;
  }

  getIdentities(callback: (error: Error | undefined, keys?: KnownPublicKeys<ParsedKey>) => void): void {
    callback(undefined, [this.#shown]);
  }

  sign(
    _key: ParsedKey,
    signed: Buffer,
    optionsOrCallback?: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof optionsOrCallback === 'function' ? optionsOrCallback : callback;
    const digest = typeof optionsOrCallback === 'function' ? undefined : optionsOrCallback?.hash;
    done?.(undefined, this.#own.sign(signed, digest));
  }
}

function parse(key: string): ParsedKey {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}

it.each([
  { signer: 'another key', own: createKeyPair().privateKey, authentications: 0 },
  { signer: 'the key itself', own: userKeys.privateKey, authentications: 1 },
])('checks the signature: an allowed key, signed with $signer', async ({ own, authentications }) => {
  await using site = await openSite();
  const { host, port } = site.sandbox;
  const client = new ssh2.Client();
  const outcome = new Promise<string>((resolve) => {
    client.once('ready', () => resolve('accepted'));
    client.on('error', (error) => resolve(String(error)));
  });
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  client.connect({
    host,
    port,
    username: sshKeyId,
    agent: new Impostor(parse(userKeys.publicKey), parse(own)),
    hostVerifier: (key: Buffer) =>
      key.equals(parse(site.sandbox.knownHosts.split(' ').slice(1).join(' ')).getPublicSSH()),
    algorithms: { serverHostKey: ['ssh-rsa'], kex: ['diffie-hellman-group14-sha256'] },
  });
  const expected = authentications === 1 ? 'accepted' : 'Error: All configured authentication methods failed';
  expect(await outcome).toBe(expected);
  client.end();
  await closed;
  expect(site.sandbox.counts).toMatchObject({ offeredKeys: 1, authentications, sessions: 0 });
});

it('offers its key to nobody who does not know the host', async () => {
  await using site = await openSite();
  await using other = await openSandbox({ root: site.sandbox.root });
  const contradicting = other.knownHosts.replace(String(other.port), String(site.sandbox.port));
  for (const lines of ['', `${contradicting}\n`]) {
    await writeFile(join(site.folder, 'known_hosts'), lines);
    const result = await site.ssh(undefined);
    expect(result.exitCode).toBe(255);
    expect(result.stderr).toContain('Host key verification failed.');
  }
  expect(site.sandbox.counts).toMatchObject({ connections: 2, offeredKeys: 0, authentications: 0 });
});

it('gives the fingerprint that ssh-keygen sees in its known_hosts line', async () => {
  await using site = await openSite();
  const result = await run('ssh-keygen', ['-l', '-f', join(site.folder, 'known_hosts')]);
  expect(result.stdout).toBe(`2048 ${site.sandbox.fingerprint} [127.0.0.1]:${site.sandbox.port} (RSA)\n`);
});

it('has the algorithms and the banner of CodeCommit, and no newer ones', async () => {
  await using site = await openSite();
  const plain = [
    '-F',
    '/dev/null',
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${site.folder}/known_hosts`,
  ];
  const refused = await run('ssh', [...plain, ...toAddress(site.sandbox)]);
  expect(refused.stderr).toContain('no matching host key type found. Their offer: ssh-rsa');
  const seen = (await site.ssh(undefined, ['-vv'])).stderr;
  expect(seen).toMatch(/remote software version AWSCodeCommit\b/);
  const offer = seen.slice(seen.indexOf('peer server KEXINIT proposal'));
  expect(offer).toMatch(/ciphers stoc: aes128-ctr,aes256-ctr\s/);
  expect(offer).toMatch(/MACs stoc: hmac-sha2-256,hmac-sha2-512,hmac-sha1\s/);
  expect(offer).toMatch(/host key algorithms: ssh-rsa\s/);
});

it.each(['aes128-ctr', 'aes256-ctr'])('serves %s with each of its MACs', async (cipher) => {
  await using site = await openSite();
  for (const mac of ['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1']) {
    const result = await site.ssh(undefined, ['-c', cipher, '-m', mac]);
    expect(result.stdout).toContain('You have successfully authenticated');
  }
  const sha1 = await site.ssh(undefined, ['-o', 'KexAlgorithms=diffie-hellman-group14-sha1']);
  expect(sha1.exitCode).toBe(1);
});
