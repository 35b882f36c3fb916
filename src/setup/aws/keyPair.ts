import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { type PrivateKey, parsePrivateKey } from '../../ssh/privateKey';

/** Creates an RSA key pair in memory. */
export async function createKeyPair(): Promise<PrivateKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return parsePrivateKey(privateKey, { requireRsa: true, origin: 'The new key' });
}
