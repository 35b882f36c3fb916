import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FaultCollection } from '../faults';

/** Where Pipelines mounts its SSH folder. BITBUCKET_SSH_KEY_FILE names the same file. */
const defaultKeyFile = '/opt/atlassian/pipelines/agent/ssh/id_rsa';

export interface PipelinesKey {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads the SSH key of Pipelines from the folder of BITBUCKET_SSH_KEY_FILE: `id_rsa_tmp`, which a pipe has permission to
 * read, otherwise `id_rsa`.
 */
export async function readPipelinesKey(
  sshKeyFile: string | undefined,
  faults: FaultCollection,
): Promise<PipelinesKey | undefined> {
  const folder = dirname(sshKeyFile ?? defaultKeyFile);
  const causes: string[] = [];
  for (const file of [join(folder, 'id_rsa_tmp'), join(folder, 'id_rsa')]) {
    const text = await readIfThere(file);
    if (typeof text === 'string') return { file, text };
    if (text !== undefined) causes.push(`${file} can't be read (${text.code})`);
  }
  const cause = causes.length === 0 ? `there is none in ${folder}` : causes.join(', ');
  return faults.add({
    variable: 'SSH_KEY',
    message: `There is no SSH key: SSH_KEY is not set, and Pipelines provides no key: ${cause}.`,
    remedy:
      'In Pipelines, create a key in Repository settings > Pipelines > SSH keys and upload its public half to IAM, or give a private key in SSH_KEY. On the command line, use --ssh-key-file, or your AWS credentials with --profile.',
    code: 'key-missing',
  });
}

/** Reads the known hosts of Pipelines, in the folder of the key. An empty text if there are none. */
export async function readPipelinesKnownHosts(sshKeyFile: string | undefined): Promise<string> {
  return readKnownHosts(join(dirname(sshKeyFile ?? defaultKeyFile), 'known_hosts'));
}

/** Reads a known_hosts file. An empty text, which trusts nothing, if it can't be read. */
export async function readKnownHosts(file: string): Promise<string> {
  const text = await readIfThere(file);
  return typeof text === 'string' ? text : '';
}

/** Gives the text, undefined if there is no such file, or why it can't be read. */
async function readIfThere(file: string): Promise<string | undefined | { readonly code: string }> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { code };
  }
}
