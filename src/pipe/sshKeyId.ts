import { invalid, quote, type SettingsError } from '../faults';
import type { DestinationUrl } from './destinationUrl';

/** Prefixes of IAM's ids (IAM User Guide, "IAM identifiers") that are mistaken for the id of an SSH key. */
const otherIds = new Map([
  ['AIDA', 'the id of an IAM user'],
  ['AKIA', 'an access key'],
  ['ASIA', 'a temporary access key'],
  ['AROA', 'the id of an IAM role'],
  ['AGPA', 'the id of an IAM group'],
  ['ASCA', 'the id of a certificate'],
]);

const remedy =
  'Give the id that IAM shows for the uploaded key (IAM > Users > the user > Security credentials > SSH public keys for AWS CodeCommit); it begins with APKA.';

/**
 * Gives the SSH user: SSH_KEY_ID, else the user that CODECOMMIT_URL carries. For CodeCommit it must have the form
 * of a key id; another server may have any user. Throws SettingsError.
 */
export function parseSshUser(keyId: string | undefined, destination: DestinationUrl): string {
  const { user } = destination;
  if (keyId === undefined && user === undefined) {
    throw missing();
  }
  if (user !== undefined && destination.aws) requireKeyId('CODECOMMIT_URL', user);
  if (keyId === undefined) return user ?? '';
  if (destination.repository !== undefined) requireKeyId('SSH_KEY_ID', keyId);
  if (!/^\w[\w.+-]*$/.test(keyId)) throw unfit('SSH_KEY_ID', keyId, 'is not a user name');
  if (user === undefined || user === keyId) return keyId;
  throw invalid(
    'SSH_KEY_ID',
    `SSH_KEY_ID is ${quote(keyId)}, but CODECOMMIT_URL carries another user.`,
    'Give the key id in one place, or the same in both.',
  );
}

/** What can be said of SSH_KEY_ID when CODECOMMIT_URL (`url`) is at fault itself: it is held to CodeCommit's rule. */
export function checkKeyId(keyId: string | undefined, url: string): void {
  if (keyId !== undefined) requireKeyId('SSH_KEY_ID', keyId);
  else if (!/[@$]/.test(url)) throw missing();
}

function missing(): SettingsError {
  return invalid('SSH_KEY_ID', 'SSH_KEY_ID is missing, and CODECOMMIT_URL carries no user.', remedy);
}

/** The form is that of the IAM API (SSHPublicKeyId): 20 to 128 of A-Z a-z 0-9 _. */
function requireKeyId(variable: string, id: string): void {
  const other = otherIds.get(id.slice(0, 4));
  if (other !== undefined) throw unfit(variable, id, `is ${other}, not the id of an SSH public key`);
  if (/^\w{20,128}$/.test(id)) return;
  throw unfit(variable, id, 'does not have the form of a key id: 20 to 128 of A-Z a-z 0-9 _');
}

function unfit(variable: string, id: string, what: string): SettingsError {
  // What a URL has before its @ may be a token.
  const where = variable === 'SSH_KEY_ID' ? `SSH_KEY_ID is ${quote(id)}` : `${variable} carries a user`;
  return invalid(variable, `${where}: it ${what}.`, remedy);
}
