import { writeFile } from 'node:fs/promises';
import { toShellWord } from '../../system/shellWord';
import type { Password } from '../settings';

/**
 * Writes a login into a file of git-credential-store(1)'s form, 0600: never into a URL, an argument or a git
 * configuration. Gives the command for git's `credential.helper`. It answers for the host of `url` and for no other.
 */
export async function toStoreHelper(file: string, url: string, login: Password): Promise<string> {
  const [, scheme, host] = /^(\w+:\/\/)([^/]+)/.exec(url) ?? [];
  const [username, password] = [login.username, login.password].map(encodeURIComponent);
  await writeFile(file, `${scheme}${username}:${password}@${host}\n`, { mode: 0o600 });
  return `store --file=${toShellWord(file)}`;
}
