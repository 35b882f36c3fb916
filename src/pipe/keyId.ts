import type { AwsAccess } from '../aws/keyOwner';
import { MirrorError } from '../errors';
import { invalid, type SettingsError } from '../faults';
import type { PrivateKey } from '../ssh/privateKey';

/**
 * Asks IAM for the id of a key by its fingerprint. AWS's client is loaded here, when it is needed: a mirror that has
 * SSH_KEY_ID never waits for it. Throws SettingsError `key-id-unknown`.
 */
export async function findKeyId(key: PrivateKey, access: AwsAccess): Promise<string> {
  const { createClients, findKey, readCaller, toIamFingerprint } = await import('../aws/keyOwner');
  const fingerprint = toIamFingerprint(key);
  const clients = createClients(access);
  try {
    const caller = await readCaller(clients);
    const found = await findKey(clients, caller, (each) => each.fingerprint === fingerprint);
    if (found === undefined) throw nobodyHas(fingerprint, caller.account);
    return found.key.id;
  } catch (error) {
    if (error instanceof MirrorError && error.code !== 'key-id-unknown') throw notFound(error.message);
    throw error;
  } finally {
    clients.iam.destroy();
    clients.sts.destroy();
  }
}

function nobodyHas(fingerprint: string, account: string): SettingsError {
  return invalid(
    'SSH_KEY_ID',
    `SSH_KEY_ID is missing, and no IAM user of the AWS account ${account} has the key with the fingerprint ${fingerprint}.`,
    'Upload the public half of the key (IAM > Users > the user > Security credentials > SSH public keys for AWS CodeCommit), or give the key that is there. If it is in another account, set SSH_KEY_ID.',
    'key-id-unknown',
  );
}

function notFound(why: string): SettingsError {
  return invalid(
    'SSH_KEY_ID',
    `SSH_KEY_ID is missing, and can't be looked up at IAM by the key's fingerprint. ${why}`,
    'Set SSH_KEY_ID to the id that IAM shows for the uploaded key, or let these AWS credentials read it: iam:ListSSHPublicKeys, iam:GetSSHPublicKey and, when the key is of another user, iam:ListUsers.',
    'key-id-unknown',
  );
}
