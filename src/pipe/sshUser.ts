import type { AwsAccess } from '../aws/keyOwner';
import { MirrorError } from '../errors';
import { type FaultCollection, quote } from '../faults';
import type { PrivateKey } from '../ssh/privateKey';
import type { DestinationUrl } from './destinationUrl';
import { hasAccessKey, readAccessKey } from './identity';
import { type Environment, readItems, type Variables } from './variables';

/** What the SSH user depends on. A part is undefined if it is invalid. */
export interface UserQuestion {
  readonly env: Environment;
  readonly values: Variables;
  readonly url: DestinationUrl | undefined;
  /** It is the only item. Otherwise SSH_KEY_ID is for those that contain no user. */
  readonly isOnly: boolean;
  readonly key: PrivateKey | undefined;
}

/** Gives the SSH user: SSH_KEY_ID, the user in the URL, or the ID that IAM has for the key. */
export async function readSshUser(
  question: UserQuestion,
  faults: FaultCollection,
): Promise<string | undefined> {
  const { env, values, url, isOnly, key } = question;
  const { SSH_KEY_ID: keyId, AWS_OIDC_ROLE_ARN: roleArn } = values;
  if (url === undefined) {
    checkWithoutUrl(env, keyId, faults);
    return undefined;
  }
  const { user, region, repository } = url;
  const isGiven = keyId !== undefined || user !== undefined;
  if (!isGiven && repository !== undefined && hasAccessKey(env) && !env['AWS_OIDC_ROLE_ARN']) {
    const credentials = readAccessKey(values, faults);
    if (credentials === undefined || key === undefined) return undefined;
    return await findKeyId(key, { credentials, region: toIamRegion(url), env }, faults);
  }
  if (isGiven || roleArn === undefined)
    return parseSshUser(isOnly || user === undefined ? keyId : undefined, url, faults);
  return faults.add(
    'CODECOMMIT_URL',
    'CODECOMMIT_URL is an ssh:// URL, and SSH needs a key: AWS_OIDC_ROLE_ARN works over HTTPS only.',
    `Give CODECOMMIT_URL as codecommit::${region ?? '<region>'}://${repository ?? '<name>'}, or set SSH_KEY_ID.`,
  );
}

/** IAM has one endpoint in each partition. Any region of the partition leads to it. */
export function toIamRegion({ region }: Pick<DestinationUrl, 'region'>): string {
  return region ?? 'us-east-1';
}

/** IAM's ID prefixes (IAM User Guide, "IAM identifiers") that are mistaken for the ID of an SSH key. */
const otherIds = new Map([
  ['AIDA', 'the ID of an IAM user'],
  ['AKIA', 'an access key'],
  ['ASIA', 'a temporary access key'],
  ['AROA', 'the ID of an IAM role'],
  ['AGPA', 'the ID of an IAM group'],
  ['ASCA', 'the ID of a certificate'],
]);

const remedy =
  'Give the ID that IAM shows for the uploaded key (IAM > Users > the user > Security credentials > SSH public keys for AWS CodeCommit). It begins with APKA.';

/**
 * Gives SSH_KEY_ID, or the user that CODECOMMIT_URL contains. For CodeCommit it must have the form of a key ID; other
 * servers accept any user.
 */
export function parseSshUser(
  keyId: string | undefined,
  { user, aws, repository }: Pick<DestinationUrl, 'user' | 'aws' | 'repository'>,
  faults: FaultCollection,
): string | undefined {
  if (keyId === undefined && user === undefined) return addMissing(faults);
  if (user !== undefined && aws) {
    // The part of a URL before the @ may be a token, so it is not quoted.
    const fault = findKeyIdFault(user);
    const message = `CODECOMMIT_URL contains a user: it ${fault}.`;
    if (fault !== undefined) return faults.add('CODECOMMIT_URL', message, remedy);
  }
  if (keyId === undefined) return user;
  const fault =
    (repository === undefined ? undefined : findKeyIdFault(keyId)) ??
    (/^\w[\w.+-]*$/.test(keyId) ? undefined : 'is not a user name');
  if (fault !== undefined) return addUnfit(keyId, fault, faults);
  if (user === undefined || user === keyId) return keyId;
  return faults.add(
    'SSH_KEY_ID',
    `SSH_KEY_ID is ${quote(keyId)}, but CODECOMMIT_URL contains another user.`,
    'Give the key ID in one place, or the same ID in both.',
  );
}

/** With an invalid CODECOMMIT_URL, the destination is most likely CodeCommit: its rule applies. */
function checkWithoutUrl(env: Environment, keyId: string | undefined, faults: FaultCollection): void {
  const fault = keyId === undefined ? undefined : findKeyIdFault(keyId);
  if (keyId !== undefined && fault !== undefined) addUnfit(keyId, fault, faults);
  const mayContainUser = readItems(env, 'CODECOMMIT_URL').some((item) => /[@$]/.test(item));
  if (keyId === undefined && !hasAccessKey(env) && !mayContainUser) addMissing(faults);
}

/** The form is that of the IAM API (SSHPublicKeyId): 20 to 128 of A-Z a-z 0-9 _. */
function findKeyIdFault(id: string): string | undefined {
  const other = otherIds.get(id.slice(0, 4));
  if (other !== undefined) return `is ${other}, not the ID of an SSH public key`;
  if (/^\w{20,128}$/.test(id)) return undefined;
  return 'does not have the form of a key ID: 20 to 128 of A-Z a-z 0-9 _';
}

function addUnfit(keyId: string, fault: string, faults: FaultCollection): undefined {
  const message = `SSH_KEY_ID is ${quote(keyId)}: it ${fault}.`;
  return faults.add('SSH_KEY_ID', message, remedy);
}

function addMissing(faults: FaultCollection): undefined {
  const message = 'SSH_KEY_ID is missing, and CODECOMMIT_URL contains no user.';
  return faults.add('SSH_KEY_ID', message, remedy);
}

/**
 * Asks IAM for the ID of a key by its fingerprint. AWS's client is loaded here, when it is needed: a mirror that has
 * SSH_KEY_ID never waits for it.
 */
async function findKeyId(
  key: PrivateKey,
  access: AwsAccess,
  faults: FaultCollection,
): Promise<string | undefined> {
  const { createClients, findKey, readCaller, toIamFingerprint } = await import('../aws/keyOwner');
  const fingerprint = toIamFingerprint(key);
  using clients = createClients(access);
  const variable = 'SSH_KEY_ID';
  try {
    const caller = await readCaller(clients);
    const found = await findKey(clients, caller, (each) => each.fingerprint === fingerprint);
    if (found !== undefined) return found.key.id;
    return faults.add(
      variable,
      `SSH_KEY_ID is missing, and no IAM user of the AWS account ${caller.account} has the key with the fingerprint ${fingerprint}.`,
      'Upload the public half of the key (IAM > Users > the user > Security credentials > SSH public keys for AWS CodeCommit), or give the key that IAM has. If it is in another account, set SSH_KEY_ID.',
      'key-id-unknown',
    );
  } catch (error) {
    if (!(error instanceof MirrorError)) throw error;
    return faults.add(
      variable,
      `SSH_KEY_ID is missing, and can't be looked up in IAM by the key's fingerprint. ${error.message}`,
      'Set SSH_KEY_ID to the ID that IAM shows for the uploaded key, or allow these AWS credentials to read it: iam:ListSSHPublicKeys, iam:GetSSHPublicKey and, if the key belongs to another user, iam:ListUsers.',
      'key-id-unknown',
    );
  }
}
