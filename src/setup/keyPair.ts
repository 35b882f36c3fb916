import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { toFingerprint } from '../settings/knownHosts';
import { type PrivateKey, parsePrivateKey } from '../settings/privateKey';
import { readFields } from '../settings/wireKey';

/** Stands behind the public keys that setup makes. */
const ourComment = 'codecommit-mirror';

/** Makes an RSA key pair in memory. */
export async function createKeyPair(): Promise<PrivateKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return parsePrivateKey(privateKey, { requireRsa: true, origin: 'The new key' });
}

export interface PublicKey {
  /** `ssh-rsa <base64>` */
  readonly line: string;
  /** As IAM gives it: MD5 of the wire format, hexadecimal pairs with colons. */
  readonly fingerprint: string;
  /** Whether setup made it. */
  readonly ours: boolean;
}

/** Parses a public key of OpenSSH; gives what it is instead when CodeCommit does not take it. */
export function parsePublicKey(text: string): PublicKey | string {
  const [type = '', key = '', comment] = text.trim().split(/\s+/);
  if (type !== 'ssh-rsa') return `of the type ${JSON.stringify(type.slice(0, 40))}`;
  const wire = Buffer.from(key, 'base64');
  const [name, , modulus] = readFields(wire, 0, 3);
  if (name?.toString() !== type || modulus === undefined) return 'damaged';
  // An integer of SSH has a leading zero when its first bit is set.
  const bits = (modulus[0] === 0 ? modulus.length - 1 : modulus.length) * 8;
  if (bits < 2048) return `one of ${bits} bits`;
  return { line: `${type} ${key}`, fingerprint: toIamFingerprint(key), ours: comment === ourComment };
}

/** The public half of a private key of ours. */
export function toPublicKey({ publicKey }: PrivateKey): PublicKey {
  const [, key = ''] = publicKey.split(' ');
  return { line: publicKey, fingerprint: toIamFingerprint(key), ours: true };
}

/** The public half with our comment behind it. */
export function toMarkedLine({ publicKey }: PrivateKey): string {
  return `${publicKey} ${ourComment}`;
}

/** `key` is the base64 of the wire format. */
function toIamFingerprint(key: string): string {
  return toFingerprint(key, 'md5').slice('MD5:'.length);
}
