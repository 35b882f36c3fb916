import { readFile, rm, writeFile } from 'node:fs/promises';
import { type PrivateKey, parsePrivateKey } from '../settings/privateKey';
import { keyFileRefused } from './errors';

/** Reads the key that an earlier run left; undefined where there is no file. Throws for a file that is no RSA key. */
export async function readKeyFile(file: string): Promise<PrivateKey | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw keyFileRefused(file, error.message);
  });
  if (text === undefined) return undefined;
  try {
    return await parsePrivateKey(text, { requireRsa: true, origin: `The key file ${file}` });
  } catch (error) {
    throw keyFileRefused(file, error instanceof Error ? error.message.replace(/\.$/, '') : String(error));
  }
}

/** Writes a private key that only its owner can read. Never over another file. */
export async function writeKeyFile(file: string, pem: string): Promise<void> {
  await writeFile(file, pem, { mode: 0o600, flag: 'wx' }).catch((error: Error) => {
    throw keyFileRefused(file, error.message);
  });
}

export async function deleteKeyFile(file: string): Promise<void> {
  await rm(file, { force: true });
}
