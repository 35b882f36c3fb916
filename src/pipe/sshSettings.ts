import { join } from 'node:path';
import { type FaultCollection, invalid } from '../faults';
import { isLoopback } from '../remote/address';
import type { SshLogin } from '../remote/settings';
import { publishedFingerprint } from '../ssh/fingerprints';
import { decideHostTrust, findBrokenLines, type HostTrust, type Origin } from '../ssh/hostTrust';
import { removeOwnBlock } from '../ssh/ownBlock';
import { type PrivateKey, parsePrivateKey } from '../ssh/privateKey';
import type { DestinationUrl } from './destinationUrl';
import { hasAccessKey, readAccessKey } from './identity';
import { findKeyId } from './keyId';
import { readKnownHosts, readPipelinesKey, readPipelinesKnownHosts } from './pipelinesKey';
import { checkKeyId, parseSshUser } from './sshKeyId';
import type { Environment, Variables } from './variables';

/** The login of a destination over SSH; `url` is undefined where it is at fault by itself. */
export async function readSshLogin(
  env: Environment,
  values: Variables,
  url: DestinationUrl | undefined,
  faults: FaultCollection,
): Promise<SshLogin | undefined> {
  const given = faults.attempt(() => readUser(env, values, url));
  // Where the URL is at fault, the repository is most likely one on CodeCommit all the same.
  const requireRsa = url === undefined || url.repository !== undefined;
  const key = await faults.attemptAsync(() => readKey(env, values.SSH_KEY, requireRsa));
  const user = given ?? (await faults.attemptAsync(() => readUserAtIam(env, values, { url, key }, faults)));
  const trust = await readTrust(env, values.KNOWN_HOSTS.join('\n'), url, faults);
  if (!url || !user || !key || !trust) return undefined;
  const { host, port } = url;
  const sha1 = url.aws || isLoopback(host);
  return { kind: 'ssh', host, port, sha1, user, key, trust };
}

/** SSH_KEY_ID or the user of the URL; undefined where IAM is to be asked, and where the URL is at fault. */
function readUser(env: Environment, values: Variables, url: DestinationUrl | undefined): string | undefined {
  const { SSH_KEY_ID: keyId, AWS_OIDC_ROLE_ARN: roleArn } = values;
  if (url === undefined) {
    if (keyId !== undefined || !hasAccessKey(env)) checkKeyId(keyId, env['CODECOMMIT_URL'] ?? '');
    return undefined;
  }
  if (isAtIam(env, values, url)) return undefined;
  if (roleArn !== undefined && keyId === undefined && url.user === undefined) throw needsHttps(url);
  return parseSshUser(keyId, url);
}

/** Whether only IAM can tell the id of the key, and AWS credentials are there to ask it with. */
function isAtIam(env: Environment, values: Variables, { user, repository }: DestinationUrl): boolean {
  if (values.SSH_KEY_ID !== undefined || user !== undefined || repository === undefined) return false;
  return hasAccessKey(env) && !env['AWS_OIDC_ROLE_ARN'];
}

async function readUserAtIam(
  env: Environment,
  values: Variables,
  { url, key }: { url: DestinationUrl | undefined; key: PrivateKey | undefined },
  faults: FaultCollection,
): Promise<string | undefined> {
  if (url === undefined || !isAtIam(env, values, url)) return undefined;
  const credentials = readAccessKey(values, faults);
  if (credentials === undefined || key === undefined) return undefined;
  return await findKeyId(key, { credentials, region: toIamRegion(url) });
}

/** IAM has one endpoint a partition, which any region of it tells. */
export function toIamRegion({ region }: Pick<DestinationUrl, 'region'>): string {
  return region ?? 'us-east-1';
}

function needsHttps({ region, repository }: DestinationUrl) {
  return invalid(
    'CODECOMMIT_URL',
    'CODECOMMIT_URL is an ssh:// URL, and SSH needs a key: AWS_OIDC_ROLE_ARN lets the mirror in over HTTPS only.',
    `Give CODECOMMIT_URL as codecommit::${region ?? '<region>'}://${repository ?? '<name>'}, or set SSH_KEY_ID.`,
  );
}

async function readKey(
  env: Environment,
  sshKey: string | undefined,
  requireRsa: boolean,
): Promise<PrivateKey> {
  if (sshKey !== undefined) return parsePrivateKey(sshKey, { requireRsa });
  const { file, text } = await readPipelinesKey(env['BITBUCKET_SSH_KEY_FILE'] || undefined);
  return parsePrivateKey(text, { requireRsa, origin: `The SSH key of Pipelines (${file})` });
}

async function readTrust(
  env: Environment,
  knownHosts: string,
  url: DestinationUrl | undefined,
  faults: FaultCollection,
): Promise<HostTrust | undefined> {
  const broken = findBrokenLines(knownHosts);
  faults.add(...broken);
  if (url === undefined) return undefined;
  const { host, port } = url;
  const published = publishedFingerprint(host, port);
  // A host that is unknown only because its line is broken is one fault, not two.
  if (broken.length > 0 && published === undefined) return undefined;
  const origins = [...(await readOrigins(env, host)), { name: 'KNOWN_HOSTS', text: knownHosts } as const];
  return faults.attempt(() => decideHostTrust({ host, port, published, origins }));
}

/**
 * The known hosts of Pipelines; on a workstation the user's own as well. What an earlier run of ours left there is
 * no second opinion, so its block is not read, and in a pipe ~/.ssh is not asked at all.
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
