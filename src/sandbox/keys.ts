import { generateKeyPairSync } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

/** An RSA key pair: the private key in PEM (PKCS#1), the public key as one line in OpenSSH's format. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Creates an RSA key pair in memory. */
export function createKeyPair(bits = 2048): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { privateKey, publicKey: toPublicLine(parseRsaKey(privateKey)) };
}

/** Parses a private key (PEM) or a public key (OpenSSH's line). Throws when it is not an RSA key. */
export function parseRsaKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  if (key.type !== 'ssh-rsa') throw new Error(`only RSA keys are accepted, not ${key.type}`);
  return key;
}

/** The public half as `ssh-rsa AAAA…`. */
export function toPublicLine(key: ParsedKey): string {
  return `ssh-rsa ${key.getPublicSSH().toString('base64')}`;
}
