import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { invalid } from '../faults';

/** Where Pipelines mounts its SSH folder; BITBUCKET_SSH_KEY_FILE names the same file. */
const defaultKeyFile = '/opt/atlassian/pipelines/agent/ssh/id_rsa';

export interface PipelinesKey {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads the SSH key of Pipelines, beside BITBUCKET_SSH_KEY_FILE: `id_rsa_tmp`, the one whose permissions let a
 * pipe read it, else `id_rsa`. Throws SettingsError `key-missing`.
 */
export async function readPipelinesKey(sshKeyFile: string | undefined): Promise<PipelinesKey> {
  const folder = dirname(sshKeyFile ?? defaultKeyFile);
  const causes: string[] = [];
  for (const file of [join(folder, 'id_rsa_tmp'), join(folder, 'id_rsa')]) {
    const text = await readIfThere(file);
    if (typeof text === 'string') return { file, text };
    if (text !== undefined) causes.push(`${file} cannot be read (${text.code})`);
  }
  const cause = causes.length === 0 ? `there is none in ${folder}` : causes.join(', ');
  throw invalid(
    'SSH_KEY',
    `There is no SSH key: SSH_KEY is not set, and of the key of Pipelines ${cause}.`,
    'Make one in Repository settings > Pipelines > SSH keys and upload its public half to IAM, or give a private key in SSH_KEY (on the command line: --ssh-key-file).',
    'key-missing',
  );
}

/** Reads the known hosts of Pipelines, beside the key; an empty text where there are none. */
export async function readPipelinesKnownHosts(sshKeyFile: string | undefined): Promise<string> {
  return readKnownHosts(join(dirname(sshKeyFile ?? defaultKeyFile), 'known_hosts'));
}

/** Reads a known_hosts file; an empty text where there is none that can be read, which trusts nothing. */
export async function readKnownHosts(file: string): Promise<string> {
  const text = await readIfThere(file);
  return typeof text === 'string' ? text : '';
}

/** Gives the text, undefined when there is no such file, or why it can't be read. */
async function readIfThere(file: string): Promise<string | undefined | { readonly code: string }> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { code };
  }
}
