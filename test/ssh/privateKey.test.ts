import { generateKeyPairSync } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { collectFaults } from '../../src/faults';
import { readPipelinesKey, readPipelinesKnownHosts } from '../../src/pipe/destination';
import { findSecrets, toKeySecrets } from '../../src/pipe/secrets';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { asyncFaultsOf } from '../pipe/faultsOf';
import { makeFolder, makeKey, toPublicKey } from './keys';

const openSsh = makeKey('-t rsa -b 2048');
const pem = makeKey('-t rsa -b 2048 -m PEM');
const pkcs8 = makeKey('-t rsa -b 3072 -m PKCS8');
const codeCommit = { requireRsa: true };

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

describe('accepted', () => {
  const formats = { openSsh, pem, pkcs8 };
  const forms: Record<string, (key: string) => string> = {
    'as it is': (key) => key,
    'without the final newline': (key) => key.trimEnd(),
    'with CRLF': (key) => key.replaceAll('\n', '\r\n'),
    'with \\n in letters': (key) => key.replaceAll('\n', '\\n'),
    'with spaces for newlines': (key) => key.replaceAll('\n', ' '),
    'in one line': (key) => key.replaceAll('\n', ''),
    'in quotes': (key) => `"${key}"`,
    'as base64': toBase64,
    'as base64 in lines': (key) => toBase64(key).replace(/.{76}/g, '$&\n'),
    'as base64 of CRLF': (key) => toBase64(key.replaceAll('\n', '\r\n')),
  };
  const cases = Object.entries(formats).flatMap(([format, key]) =>
    Object.keys(forms).map((form) => ({ format, form, key })),
  );

  test.each(cases)('$format $form', async ({ form, key }) => {
    const parsed = await parsePrivateKey(forms[form]?.(key.privateKey) ?? '', codeCommit);
    expect(parsed).toMatchObject({ pem: key.privateKey, type: 'ssh-rsa', publicKey: key.publicKey });
    expect(parsed.bits).toBe(key === pkcs8 ? 3072 : 2048);
    expect(parsed.identity).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect(toPublicKey(parsed.identity)).toBe(key.publicKey);
    expect(parsed.fingerprint).toMatch(/^SHA256:[\w+/]{43}$/);
  });

  test.each([
    'ed25519',
    'ecdsa -b 256',
    'ecdsa -b 384',
    'ecdsa -b 521',
    'ecdsa -b 256 -m PEM',
    'rsa -b 1024',
  ])('%s where CodeCommit is not the destination', async (type) => {
    const key = makeKey(`-t ${type}`);
    const parsed = await parsePrivateKey(key.privateKey, { requireRsa: false });
    expect([parsed.pem, parsed.publicKey]).toEqual([key.privateKey, key.publicKey]);
    expect(toPublicKey(parsed.identity)).toBe(key.publicKey);
  });
});

describe('faults', () => {
  function cut(key: string): string {
    return key.slice(0, key.length / 2);
  }
  const rsaPss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  test.each([
    ['a public key', openSsh.publicKey, 'key-public', 'SSH_KEY is a public key.'],
    [
      'a public key as base64',
      toBase64(`${openSsh.publicKey} me@here\n`),
      'key-public',
      'SSH_KEY is a public key.',
    ],
    [
      'the middle of a public key',
      openSsh.publicKey.split(' ')[1] ?? '',
      'key-public',
      'SSH_KEY is a public key.',
    ],
    [
      'a public key as PEM',
      '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n',
      'key-public',
      'SSH_KEY is a public key.',
    ],
    [
      'a passphrase',
      makeKey('-t rsa -b 2048', 'secret').privateKey,
      'key-passphrase',
      'SSH_KEY is protected by a passphrase.',
    ],
    [
      'a passphrase, PEM',
      makeKey('-t rsa -b 2048 -m PEM', 'secret').privateKey,
      'key-passphrase',
      'SSH_KEY is protected by a passphrase.',
    ],
    [
      'a passphrase, PKCS8',
      makeKey('-t rsa -b 2048 -m PKCS8', 'secret').privateKey,
      'key-passphrase',
      'SSH_KEY is protected by a passphrase.',
    ],
    [
      'Ed25519',
      makeKey('-t ed25519').privateKey,
      'key-not-rsa',
      'SSH_KEY is a key of type ssh-ed25519; CodeCommit accepts RSA keys only.',
    ],
    [
      'ECDSA',
      makeKey('-t ecdsa').privateKey,
      'key-not-rsa',
      'SSH_KEY is a key of type ecdsa-sha2-nistp256; CodeCommit accepts RSA keys only.',
    ],
    [
      'ECDSA, PEM',
      makeKey('-t ecdsa -m PEM').privateKey,
      'key-not-rsa',
      'SSH_KEY is a key of type ecdsa-sha2-nistp256; CodeCommit accepts RSA keys only.',
    ],
    [
      'RSA-PSS',
      String(rsaPss),
      'key-not-rsa',
      'SSH_KEY is a key of type rsa-pss; CodeCommit accepts RSA keys only.',
    ],
    [
      '1024 bits',
      makeKey('-t rsa -b 1024').privateKey,
      'key-too-short',
      'SSH_KEY is an RSA key of 1024 bits; CodeCommit requires 2048 bits or more.',
    ],
    [
      '1024 bits, PEM',
      makeKey('-t rsa -b 1024 -m PEM').privateKey,
      'key-too-short',
      'SSH_KEY is an RSA key of 1024 bits; CodeCommit requires 2048 bits or more.',
    ],
    [
      'half a key',
      cut(openSsh.privateKey),
      'key-mangled',
      'SSH_KEY is cut off: it has a BEGIN line but no END line.',
    ],
    [
      'half a PEM',
      cut(pem.privateKey),
      'key-mangled',
      'SSH_KEY is cut off: it has a BEGIN line but no END line.',
    ],
    [
      'half a base64',
      cut(toBase64(pem.privateKey)),
      'key-mangled',
      'SSH_KEY is cut off: it has a BEGIN line but no END line.',
    ],
    [
      'one line lost',
      openSsh.privateKey.replace(/\n[^\n]+(?=\n[^\n]+\n[^\n]+\n-----END)/, ''),
      'key-mangled',
      'SSH_KEY is not a valid private key (could not be decoded).',
    ],
    [
      'one line of PEM lost',
      pem.privateKey.replace(/\n[^\n]+(?=\n[^\n]+\n[^\n]+\n-----END)/, ''),
      'key-mangled',
      'SSH_KEY is not a valid private key (could not be decoded).',
    ],
    [
      'a star in it',
      pem.privateKey.replace('MII', 'MI*'),
      'key-mangled',
      'SSH_KEY is not a valid private key (could not be decoded).',
    ],
    [
      'no BEGIN and END',
      pem.privateKey.replace(/-----.*-----\n/g, ''),
      'key-mangled',
      'SSH_KEY has lost its BEGIN and END lines.',
    ],
    [
      "PuTTY's",
      'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none',
      'key-mangled',
      "SSH_KEY is a key in PuTTY's format.",
    ],
    ['something else', 'hello', 'key-mangled', 'SSH_KEY is not a valid private key (could not be decoded).'],
  ])('%s', async (_what, text, code, message) => {
    const [fault, ...more] = await asyncFaultsOf(() => parsePrivateKey(text, codeCommit));
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ variable: 'SSH_KEY', code, message });
    expect(fault?.remedy).not.toBe('');
  });

  it('name where the key is from', async () => {
    const [fault] = await asyncFaultsOf(() =>
      parsePrivateKey('x', { requireRsa: true, origin: 'The SSH key of Pipelines (/x/id_rsa)' }),
    );
    expect(fault?.message).toBe(
      'The SSH key of Pipelines (/x/id_rsa) is not a valid private key (could not be decoded).',
    );
  });

  test.each([
    ['OpenSSH', openSsh],
    ['PEM', pem],
  ])(
    'one character changed in %s is seen, or leaves the key as it was, and is never printed',
    async (_format, key) => {
      const [begin = '', ...rest] = key.privateKey.split('\n');
      const body = rest.slice(0, -2).join('\n');
      await fc.assert(
        fc.asyncProperty(fc.nat(body.length - 3), fc.constantFrom('A', 'b', '/', '9'), async (at, letter) => {
          fc.pre(body[at] !== '\n');
          const text = [begin, body.slice(0, at) + letter + body.slice(at + 1), ...rest.slice(-2)].join('\n');
          let publicKey = '';
          const faults = await asyncFaultsOf(async () => {
            publicKey = (await parsePrivateKey(text, codeCommit)).publicKey;
          });
          if (faults.length === 0) expect(publicKey).toBe(key.publicKey);
          expect(JSON.stringify(faults)).not.toContain(text.slice(begin.length + 1, begin.length + 41));
        }),
        { numRuns: 150 },
      );
    },
  );

  it('any other text is one fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.boolean(), async (text, armoured) => {
        const value = armoured
          ? `-----BEGIN OPENSSH PRIVATE KEY-----\n${toBase64(text)}\n-----END OPENSSH PRIVATE KEY-----`
          : text;
        expect(await asyncFaultsOf(() => parsePrivateKey(value, codeCommit))).toHaveLength(1);
      }),
    );
  });
});

describe('the key of Pipelines', () => {
  it('is id_rsa_tmp, else id_rsa, beside BITBUCKET_SSH_KEY_FILE', async () => {
    using folder = makeFolder();
    const file = join(folder.path, 'id_rsa');
    writeFileSync(file, 'one');
    expect(await readPipelinesKey(file, collectFaults())).toEqual({ file, text: 'one' });
    writeFileSync(`${file}_tmp`, 'two');
    expect(await readPipelinesKey(file, collectFaults())).toEqual({ file: `${file}_tmp`, text: 'two' });
    expect(await readPipelinesKnownHosts(file)).toBe('');
    writeFileSync(join(folder.path, 'known_hosts'), 'host');
    expect(await readPipelinesKnownHosts(file)).toBe('host');
  });

  it('that is not there is a fault that says where to make one', async () => {
    using folder = makeFolder();
    const file = join(folder.path, 'id_rsa');
    const [fault] = await asyncFaultsOf((faults) => readPipelinesKey(file, faults));
    expect(fault).toMatchObject({
      code: 'key-missing',
      message: `There is no SSH key: SSH_KEY is not set, and Pipelines provides no key: there is none in ${folder.path}.`,
      remedy:
        'In Pipelines, create a key in Repository settings > Pipelines > SSH keys and upload its public half to IAM, or give a private key in SSH_KEY. On the command line, use --ssh-key-file, or your AWS credentials with --profile.',
    });
  });

  it('that cannot be read says so', async () => {
    using folder = makeFolder();
    const file = join(folder.path, 'id_rsa');
    // The administrator reads everything, so a link to itself stands for what can't be opened.
    symlinkSync(file, file);
    const [fault] = await asyncFaultsOf((faults) => readPipelinesKey(file, faults));
    expect(fault).toMatchObject({
      code: 'key-missing',
      message: expect.stringContaining(`${file} can't be read (ELOOP)`),
    });
  });
});

describe('secrets', () => {
  it('of a key are all its forms and every long line', () => {
    const given = toBase64(pem.privateKey);
    const secrets = toKeySecrets(given);
    expect(secrets).toEqual(expect.arrayContaining([given, pem.privateKey]));
    for (const line of pem.privateKey
      .split('\n')
      .filter((each) => each.length > 16 && !each.startsWith('-'))) {
      expect(secrets).toContain(line);
    }
    expect(secrets.filter((secret) => secret.startsWith('-----') && !secret.includes('\n'))).toEqual([]);
  });

  it('of the environment are found without valid variables', () => {
    const env = {
      SSH_KEY: 'not a key at all',
      PIPELINES_JWT_TOKEN: 'jwt',
      BITBUCKET_STEP_OIDC_TOKEN: 'oidc',
      SOURCE_URL: 'https://me:p%40ss@example.org/r',
      SOURCE_PROXY: 'nonsense://a:b:c@d',
      CODECOMMIT_URL: 'ssh://u:pw@h/r',
    };
    expect(findSecrets(env)).toEqual(
      expect.arrayContaining(['not a key at all', 'jwt', 'oidc', 'p%40ss', 'p@ss', 'b:c', 'pw']),
    );
    expect(findSecrets({ SOURCE_URL: `https://${'t'.repeat(30)}@example.org/r` })).toEqual(['t'.repeat(30)]);
    expect(findSecrets({ SOURCE_URL: 'ssh://git@example.org/r' })).toEqual([]);
  });
});
