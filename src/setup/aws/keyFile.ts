import { generateKeyPair } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { toErrorText } from '../../errors';
import { toGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import { type PrivateKey, parsePrivateKey } from '../../ssh/privateKey';
import type { Context } from '../../system/context';
import { hasCode } from '../../system/errorCode';
import { keyFileRefused } from '../errors';

/** Creates an RSA key pair in memory. */
export async function createKeyPair(): Promise<PrivateKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 4096,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return parsePrivateKey(privateKey, { requireRsa: true, origin: 'The new key' });
}

/** Reads the key of an earlier run. Undefined if the file does not exist. Throws if it is not an RSA key. */
export async function readKeyFile(file: string): Promise<PrivateKey | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    return await parsePrivateKey(text, { requireRsa: true, origin: `The key file ${file}` });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw keyFileRefused(file, toErrorText(error).replace(/\.$/, ''));
  }
}

/** Writes a private key that only its owner can read. Never overwrites a file. */
export async function writeKeyFile(file: string, pem: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw keyFileRefused(file, toErrorText(error));
  }
}

/** Refuses a path where `git add` would include the private key. Throws MirrorError. */
export async function requireKeyFilePlace(file: string, context: Context): Promise<void> {
  if (!existsSync(dirname(file)) || !(await isInWorkTree(file, context))) return;
  throw keyFileRefused(file, 'it is in the work tree of a git repository that does not ignore it');
}

async function isInWorkTree(file: string, { env, signal }: Context): Promise<boolean> {
  const git = createGit({ directory: dirname(file), env: toGitEnvironment(env), signal });
  const { exitCode, stdout } = await git.run(['rev-parse', '--is-inside-work-tree']);
  if (exitCode !== 0 || stdout.trim() !== 'true') return false;
  return (await git.run(['check-ignore', '--quiet', '--', file])).exitCode !== 0;
}
