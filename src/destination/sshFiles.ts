import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context';
import { replaceOwnBlock } from '../settings/ownBlock';
import type { SshSettings } from '../settings/sshSettings';
import { toSocketPath } from '../system/socket';
import { openTemporaryFolder } from '../temporaryFolder';
import { toHostBlock } from './sshConfig';

/** The files that ssh works with in this run. Disposing of them removes the private key, always. */
export interface SshFiles extends AsyncDisposable {
  readonly config: string;
  readonly identityFile: string;
  readonly controlPath: string | undefined;
}

/**
 * Writes key, known hosts and configuration, each 0600 in a folder 0700. With `directory` (the pipe's ~/.ssh) the
 * last two go there, beside what is there already; without it they stay in a temporary folder, as the key does.
 */
export async function openSshFiles(
  settings: SshSettings,
  directory: string | undefined,
  context: Context,
): Promise<SshFiles> {
  const folder = await openTemporaryFolder(context);
  try {
    return {
      ...(await writeFiles(settings, directory ?? folder.path, folder.path)),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

async function writeFiles({ host, port, user, key, trust }: SshSettings, home: string, folder: string) {
  const files = {
    config: join(home, 'config'),
    identityFile: join(folder, 'id_rsa'),
    controlPath: toSocketPath(folder, sshAddsBytes),
  };
  // Not the one of ~/.ssh: other lines of that would be trusted beside what was decided.
  const knownHostsFile = join(folder, 'trusted_hosts');
  const knownHosts = trust.knownHosts.map((line) => `${line}\n`).join('');
  await writeFile(files.identityFile, key.pem, { mode: 0o600, flag: 'wx' });
  await mkdir(home, { recursive: true, mode: 0o700 });
  await chmod(home, 0o700);
  await writeFile(knownHostsFile, knownHosts, { mode: 0o600, flag: 'wx' });
  await ensureBlock(join(home, 'known_hosts'), host, knownHosts);
  const { fingerprint } = trust;
  const options = { ...files, host, port, user, knownHostsFile, fingerprint };
  await ensureBlock(files.config, host, toHostBlock(options));
  return files;
}

/** ssh makes the socket under a longer name, `<path>.<16 characters>` (mux.c), and renames it. */
const sshAddsBytes = 17;

/** Replaced in one step: a second run on the same machine never reads half a file. */
async function ensureBlock(file: string, name: string, block: string): Promise<void> {
  const before = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const next = `${file}.${process.pid}`;
  await writeFile(next, replaceOwnBlock(before, name, block), { mode: 0o600 });
  await rename(next, file);
}
