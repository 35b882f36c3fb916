import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import { type PrivateKey, parsePrivateKey } from '../../ssh/privateKey';
import type { CloneContext } from '../clone';
import { keyFileRefused } from '../errors';

/** Reads the key of an earlier run. Undefined if the file does not exist. Throws if it is not an RSA key. */
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

/** Writes a private key that only its owner can read. Never overwrites a file. */
export async function writeKeyFile(file: string, pem: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw keyFileRefused(file, error instanceof Error ? error.message : String(error));
  }
}

/** Refuses a path where `git add` would include the private key. Throws MirrorError. */
export async function requireKeyFilePlace(file: string, context: CloneContext): Promise<void> {
  if (!existsSync(dirname(file)) || !(await isInWorkTree(file, context))) return;
  throw keyFileRefused(file, 'it is in the work tree of a git repository that does not ignore it');
}

async function isInWorkTree(file: string, { env, signal }: CloneContext): Promise<boolean> {
  const git = createGit({ directory: dirname(file), env: toGitEnvironment(env), signal });
  const { exitCode, stdout } = await git.run(['rev-parse', '--is-inside-work-tree']);
  if (exitCode !== 0 || stdout.trim() !== 'true') return false;
  return (await git.run(['check-ignore', '--quiet', '--', file])).exitCode !== 0;
}

export async function deleteKeyFile(file: string): Promise<void> {
  await rm(file, { force: true });
}
