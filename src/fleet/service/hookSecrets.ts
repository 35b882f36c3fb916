import { randomBytes } from 'node:crypto';
import { readRegularFile } from '../../system/regularFile';
import { replaceFile } from '../../system/replaceFile';

/**
 * The secrets that hosts sign webhooks with, in a file of mode 0600, one a line, the newest first: the one before stays
 * valid while it is replaced. None where there is no file.
 */
export async function readHookSecrets(file: string): Promise<readonly string[]> {
  const text = (await readRegularFile(file)) ?? '';
  return text.split('\n').filter((line) => line.length >= 32);
}

/** The newest secret; made where there is none, or with `isReplaced` in place of the present one. */
export async function ensureHookSecret(file: string, isReplaced: boolean): Promise<string> {
  const [newest, ...older] = await readHookSecrets(file);
  if (newest !== undefined && !isReplaced) return newest;
  const fresh = randomBytes(32).toString('hex');
  const kept = [fresh, newest, ...older].filter((secret) => secret !== undefined).slice(0, 2);
  await replaceFile(file, kept.map((secret) => `${secret}\n`).join(''), { mode: 0o600 });
  return fresh;
}
