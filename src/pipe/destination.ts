import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FaultCollection } from '../faults';
import { isLoopback } from '../remote/address';
import type { RemoteSettings, SshLogin } from '../remote/settings';
import { publishedFingerprint } from '../ssh/fingerprints';
import { decideHostTrust, findBrokenLines, type HostTrust, type Origin } from '../ssh/hostTrust';
import { removeOwnBlock } from '../ssh/ownBlock';
import { type PrivateKey, parsePrivateKey } from '../ssh/privateKey';
import { type DestinationUrl, toAuthority, toHttpsUrl, toSshUrl } from './destinationUrl';
import { readIdentity } from './identity';
import { readSshUser, type UserQuestion } from './sshUser';
import type { Environment } from './variables';

/** What a destination depends on. */
export interface DestinationQuestion extends Omit<UserQuestion, 'key'> {
  readonly isHttps: boolean;
  /** Another destination is reached over SSH. */
  readonly usesSsh: boolean;
}

/** A destination and its login. */
export async function readDestination(
  question: DestinationQuestion,
  faults: FaultCollection,
): Promise<RemoteSettings | undefined> {
  const { url } = question;
  if (question.isHttps) return readHttps(question, faults);
  const login = await readSshLogin(question, faults);
  return login && url && { url: toSshUrl(url, login.user), name: toName(url), login };
}

function readHttps(
  { env, values, url, usesSsh }: DestinationQuestion,
  faults: FaultCollection,
): RemoteSettings | undefined {
  const own = usesSsh ? { ...values, SSH_KEY: undefined, SSH_KEY_ID: undefined } : values;
  const identity = readIdentity(env, own, faults);
  if (url?.region === undefined || identity === undefined) return undefined;
  return {
    url: toHttpsUrl(url),
    name: toName(url),
    login: { kind: 'aws', region: url.region, identity },
  };
}

function toName({ path, region, repository, ...place }: DestinationUrl): string {
  const address = toAuthority(place, 22);
  return repository === undefined ? `${address}${path}` : `${repository} (${region ?? address})`;
}

/** `url` is undefined if it is invalid: the repository is then most likely on CodeCommit. */
async function readSshLogin(
  { env, values, url, isOnly }: DestinationQuestion,
  faults: FaultCollection,
): Promise<SshLogin | undefined> {
  const requireRsa = url === undefined || url.repository !== undefined;
  const key = await readKey(env, values.SSH_KEY, requireRsa, faults);
  const user = await readSshUser({ env, values, url, key, isOnly }, faults);
  const trust = await readTrust(env, values.KNOWN_HOSTS.join('\n'), url, faults);
  if (!url || !user || !key || !trust) return undefined;
  const { host, port } = url;
  const sha1 = url.aws || isLoopback(host);
  return { kind: 'ssh', host, port, sha1, user, key, trust };
}

async function readKey(
  env: Environment,
  sshKey: string | undefined,
  requireRsa: boolean,
  faults: FaultCollection,
): Promise<PrivateKey | undefined> {
  const found =
    sshKey === undefined
      ? await readPipelinesKey(env['BITBUCKET_SSH_KEY_FILE'] || undefined, faults)
      : { text: sshKey, file: undefined };
  if (found === undefined) return undefined;
  const { file, text } = found;
  const origin = file === undefined ? 'SSH_KEY' : `The SSH key of Pipelines (${file})`;
  return await faults.attemptAsync(() => parsePrivateKey(text, { requireRsa, origin }));
}

async function readTrust(
  env: Environment,
  knownHosts: string,
  url: DestinationUrl | undefined,
  faults: FaultCollection,
): Promise<HostTrust | undefined> {
  const broken = findBrokenLines(knownHosts);
  faults.keep(broken);
  if (url === undefined) return undefined;
  const { host, port } = url;
  const published = publishedFingerprint(host, port);
  // If a host is unknown only because its line is broken, that is one fault, not two.
  if (broken.length > 0 && published === undefined) return undefined;
  const origins = [...(await readOrigins(env, host)), { name: 'KNOWN_HOSTS', text: knownHosts } as const];
  return faults.attempt(() => decideHostTrust({ host, port, published, origins }));
}

/**
 * The known hosts of Pipelines; on a workstation also the user's own, without the block that an earlier run wrote: that
 * is no second opinion. A pipe does not read ~/.ssh at all.
 */
async function readOrigins(env: Environment, host: string): Promise<readonly Origin[]> {
  const text = await readPipelinesKnownHosts(env['BITBUCKET_SSH_KEY_FILE'] || undefined);
  const home = env['BITBUCKET_GIT_HTTP_ORIGIN'] ? undefined : env['HOME'];
  if (!home) return [{ name: 'Pipelines', text }];
  const own = await readKnownHosts(join(home, '.ssh', 'known_hosts'));
  return [
    { name: 'Pipelines', text },
    { name: '~/.ssh/known_hosts', text: removeOwnBlock(own, host) },
  ];
}

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
  return faults.add(
    'SSH_KEY',
    `There is no SSH key: SSH_KEY is not set, and Pipelines provides no key: ${cause}.`,
    'In Pipelines, create a key in Repository settings > Pipelines > SSH keys and upload its public half to IAM, or give a private key in SSH_KEY. On the command line, use --ssh-key-file, or your AWS credentials with --profile.',
    'key-missing',
  );
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
