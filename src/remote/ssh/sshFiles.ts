import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../system/context';
import { replaceFile } from '../../system/replaceFile';
import { toSocketPath } from '../../system/socket';
import { openTemporaryFolder } from '../../system/temporaryFolder';
import type { SshLogin } from '../settings';
import type { HomeBlocks } from './homeFiles';
import { type SessionOptions, toHostBlock } from './sshConfig';

/** The files that ssh works with in this run. Disposing of them removes the private key, always. */
export interface SshFiles extends AsyncDisposable {
  /** What the user's own ~/.ssh gets, for whoever uses ssh after this run. ssh does not read that in this run. */
  readonly home: HomeBlocks;
  /** For `ssh -F`: all that ssh is told, and no file beside it. */
  readonly config: string;
  /** What the configuration says now. */
  options(): SessionOptions;
  /** Writes another configuration, for the sessions that begin from now on. */
  configure(options: SessionOptions): Promise<void>;
}

/** Writes key, known hosts and configuration, each 0600 in a temporary folder 0700. */
export async function openSshFiles(login: SshLogin, context: Context): Promise<SshFiles> {
  const folder = await openTemporaryFolder(context);
  try {
    const files = await writeFiles(login, folder.path);
    return { ...files, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

async function writeFiles(login: SshLogin, folder: string) {
  const { key, trust, host } = login;
  const [config, identityFile, knownHostsFile] = ['config', 'id_rsa', 'known_hosts'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const knownHosts = trust.knownHosts.map((line) => `${line}\n`).join('');
  const fixed = { ...login, fingerprint: trust.fingerprint, identityFile, knownHostsFile };
  await writeFile(identityFile, key.identity, { mode: 0o600, flag: 'wx' });
  await writeFile(knownHostsFile, knownHosts, { mode: 0o600, flag: 'wx' });
  let current: SessionOptions = { controlPath: toSocketPath(folder, sshAddsBytes), refusedKeyTypes: [] };
  async function configure(options: SessionOptions) {
    current = options;
    await replaceFile(config, toHostBlock({ ...fixed, ...options, quiet: true }), { mode: 0o600 });
  }
  await configure(current);
  // ssh takes the first IgnoreUnknown alone: ours would undo one that the user's own lines depend on.
  const home = { host, config: toHostBlock({ ...fixed, ...current, quiet: false }), knownHosts };
  return { config, home, options: () => current, configure };
}

/** ssh makes the socket under a longer name, `<path>.<16 characters>` (mux.c), and renames it. */
const sshAddsBytes = 17;
