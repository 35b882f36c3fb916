import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { ErrorCode } from '../errors';
import { invalid, type SettingsError } from '../faults';
import type { Fingerprint } from './fingerprints';
import { type ArmourFault, type KeyArmour, parseArmour } from './keyArmour';
import { toFingerprint } from './knownHosts';
import { readFields, toWireKey } from './wireKey';

/** A private key without a passphrase. Its two halves match. */
export interface PrivateKey {
  /** In its original format, with `\n` as newline, also at the end. */
  readonly pem: string;
  /**
   * For ssh's identity file: an RSA key in PKCS #1. OpenSSH's format has the public half too, and ssh then asks the
   * server whether it accepts that before it signs, which takes a round trip.
   */
  readonly identity: string;
  /** SSH's name for the type, such as `ssh-rsa`. */
  readonly type: string;
  /** The length of the modulus of an RSA key; undefined for other types. */
  readonly bits: number | undefined;
  /** `<type> <base64>`, as uploaded to IAM. */
  readonly publicKey: string;
  readonly fingerprint: Fingerprint;
}

export interface KeyOptions {
  /** CodeCommit accepts only RSA keys of at least 2048 bits; other servers may accept any. */
  readonly requireRsa: boolean;
  /** Where the key comes from, as the start of a message. Default: `SSH_KEY`. */
  readonly origin?: string;
}

const newKey = "ssh-keygen -t rsa -b 4096 -m PEM -N '' -f codecommit_key";
const giveWhole =
  'Give the whole private key file, from its BEGIN line to its END line, as base64 in one line: `base64 -w0 < codecommit_key`.';

/** Parses a private key: base64 or text, in PEM or OpenSSH format. Throws SettingsError, with one code for each kind of fault. */
export async function parsePrivateKey(
  text: string,
  { requireRsa, origin = 'SSH_KEY' }: KeyOptions,
): Promise<PrivateKey> {
  const armour = parseArmour(text);
  if (typeof armour === 'string') throw toError(armour, origin);
  if (armour.encrypted) throw toError('passphrase', origin);
  if (armour.label === 'OPENSSH PRIVATE KEY') requireOpenSsh(armour, requireRsa, origin);
  const key = await openKey(armour);
  if (key === undefined) throw toError('mangled', origin);
  const publicKey = createPublicKey(key);
  const wire = toWireKey(publicKey);
  if (wire === undefined) throw notRsa(key.asymmetricKeyType ?? 'unknown', origin);
  const type = readFields(wire, 0, 1).join('');
  if (requireRsa && type !== 'ssh-rsa') throw notRsa(type, origin);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (requireRsa && bits !== undefined && bits < 2048) throw tooShort(bits, origin);
  if (!doHalvesMatch(armour, key, publicKey, wire)) throw toError('mangled', origin);
  const base64 = wire.toString('base64');
  return {
    pem: armour.pem,
    identity: type === 'ssh-rsa' ? key.export({ type: 'pkcs1', format: 'pem' }).toString() : armour.pem,
    type,
    bits,
    publicKey: `${type} ${base64}`,
    fingerprint: toFingerprint(base64, 'sha256'),
  };
}

/** An OpenSSH key begins with this word and a zero, then cipher, KDF, its options, the number of keys, the public key. */
const openSshMagic = Buffer.from('openssh-key-v1\0');

function readOpenSshHead({ wire }: KeyArmour) {
  const isOpenSsh = wire.subarray(0, openSshMagic.length).equals(openSshMagic);
  const fields = isOpenSsh ? readFields(wire, openSshMagic.length, 3) : [];
  const [cipher, kdf, kdfOptions] = fields;
  if (!cipher || !kdf || !kdfOptions) return undefined;
  const end = openSshMagic.length + 12 + cipher.length + kdf.length + kdfOptions.length;
  const [publicKey] = readFields(wire, end + 4, 1);
  if (!publicKey) return undefined;
  return { cipher: cipher.toString(), publicKey, type: readFields(publicKey, 0, 1).join('') };
}

/** Checks what can be seen without the private part, with better messages than ssh2's. */
function requireOpenSsh(armour: KeyArmour, requireRsa: boolean, origin: string): void {
  const head = readOpenSshHead(armour);
  if (head === undefined) throw toError('mangled', origin);
  // Names of ciphers (OpenSSH, PROTOCOL.key). Any other word here means a damaged key.
  if (/^(aes\d{3}-(ctr|cbc|gcm@openssh\.com)|3des-cbc|chacha20-poly1305@openssh\.com)$/.test(head.cipher)) {
    throw toError('passphrase', origin);
  }
  const known = /^(ssh-(ed25519|dss)|ecdsa-sha2-nistp\d{3}|sk-[\w.@-]+)$/.test(head.type);
  if (known && (requireRsa || /^(sk-|ssh-dss)/.test(head.type))) throw notRsa(head.type, origin);
}

async function openKey(armour: KeyArmour): Promise<KeyObject | undefined> {
  try {
    if (armour.label !== 'OPENSSH PRIVATE KEY') return createPrivateKey(armour.pem);
    // Loaded for this format only: it takes 35 ms.
    const { default: ssh2 } = await import('ssh2');
    const parsed = ssh2.utils.parseKey(armour.pem);
    return parsed instanceof Error ? undefined : createPrivateKey(parsed.getPrivatePEM());
  } catch {
    // OpenSSL only says that it can't decode the key, in words that differ between versions.
    return undefined;
  }
}

/** A key with one damaged character may still be decoded, but its public half does not verify its signatures. */
function doHalvesMatch(armour: KeyArmour, key: KeyObject, publicKey: KeyObject, wire: Buffer): boolean {
  const head = armour.label === 'OPENSSH PRIVATE KEY' ? readOpenSshHead(armour) : undefined;
  if (head !== undefined && !head.publicKey.equals(wire)) return false;
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const message = Buffer.from('codecommit-mirror');
  try {
    return verify(algorithm, message, publicKey, sign(algorithm, message, key));
  } catch {
    return false;
  }
}

/** What is wrong with a key, as the end of "SSH_KEY …", and what to do. */
const meanings: Readonly<Record<ArmourFault | 'passphrase', readonly [ErrorCode, string, string]>> = {
  public: [
    'key-public',
    'is a public key',
    'Give the private key: the file without .pub. Upload the public key to IAM.',
  ],
  putty: [
    'key-mangled',
    "is a key in PuTTY's format",
    'Convert it: puttygen key.ppk -O private-openssh -o codecommit_key.',
  ],
  truncated: ['key-mangled', 'is cut off: it has a BEGIN line but no END line', giveWhole],
  bare: ['key-mangled', 'has lost its BEGIN and END lines', giveWhole],
  mangled: ['key-mangled', 'is not a valid private key (could not be decoded)', giveWhole],
  passphrase: [
    'key-passphrase',
    'is protected by a passphrase',
    `A pipeline can't enter a passphrase: remove it from a copy of the key (ssh-keygen -p -N '' -f <file>), or create a key for this purpose only (${newKey}).`,
  ],
};

function toError(fault: keyof typeof meanings, origin: string): SettingsError {
  const [code, what, remedy] = meanings[fault];
  return invalid('SSH_KEY', `${origin} ${what}.`, remedy, code);
}

const giveNew = 'upload its public half to IAM, and give the private half and the new SSH_KEY_ID.';

function notRsa(type: string, origin: string): SettingsError {
  const message = `${origin} is a key of type ${type}; CodeCommit accepts RSA keys only.`;
  return invalid('SSH_KEY', message, `Create an RSA key (${newKey}), ${giveNew}`, 'key-not-rsa');
}

function tooShort(bits: number, origin: string): SettingsError {
  const message = `${origin} is an RSA key of ${bits} bits; CodeCommit requires 2048 bits or more.`;
  return invalid('SSH_KEY', message, `Create a longer key (${newKey}), ${giveNew}`, 'key-too-short');
}
