import type { KeyIdentity, RoleIdentity } from '../aws/identity';
import { type FaultCollection, findFirst, quote } from '../faults';
import type { Environment, Variables } from './variables';

const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

/** Whether AWS credentials or a role are given, in whole or in part, valid or not. */
export function isKeyless(env: Environment): boolean {
  return Boolean(env['AWS_OIDC_ROLE_ARN']) || hasAccessKey(env);
}

/** Whether an access key is given, in whole or in part. */
export function hasAccessKey(env: Environment): boolean {
  return names.some((name) => Boolean(env[name]));
}

/** The one identity that the variables give. */
export function readIdentity(
  env: Environment,
  values: Variables,
  faults: FaultCollection,
): KeyIdentity | RoleIdentity | undefined {
  const hasRole = Boolean(env['AWS_OIDC_ROLE_ARN']);
  for (const variable of ['SSH_KEY_ID', 'SSH_KEY'] as const) {
    if (values[variable] === undefined) continue;
    faults.add(
      variable,
      `${variable} is set, and ${hasRole ? 'AWS_OIDC_ROLE_ARN is' : 'AWS credentials are'} set too: a mirror uses SSH with a key, or HTTPS without one.`,
      `Remove ${variable} to use HTTPS, or give CODECOMMIT_URL as ssh://… to use SSH.`,
    );
  }
  if (!hasRole) return readAccessKey(values, faults);
  const present = names.find((name) => env[name]);
  if (present !== undefined) {
    faults.add(
      present,
      `${present} and AWS_OIDC_ROLE_ARN are both set: it is not clear which identity to use.`,
      'Keep AWS_OIDC_ROLE_ARN and remove the AWS_… keys from the variables of this pipe, or the reverse.',
    );
  }
  return readRole(env, values.AWS_OIDC_ROLE_ARN, faults);
}

function readRole(
  env: Environment,
  roleArn: string | undefined,
  faults: FaultCollection,
): RoleIdentity | undefined {
  if (roleArn === undefined) return undefined;
  const variable = 'AWS_OIDC_ROLE_ARN';
  if (!/^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(roleArn)) {
    faults.add(
      variable,
      `${variable} is ${quote(roleArn)}; it must be the ARN of a role, arn:aws:iam::<12 digits>:role/<name>.`,
      'Copy the ARN from IAM > Roles > the role.',
    );
  }
  const token = env['BITBUCKET_STEP_OIDC_TOKEN'];
  if (!token) {
    return faults.add(
      variable,
      `${variable} is set, but this step has no OIDC token (BITBUCKET_STEP_OIDC_TOKEN is not set).`,
      'Add `oidc: true` to the step in bitbucket-pipelines.yml.',
    );
  }
  // The form is that of STS (RoleSessionName): 2 to 64 of \w+=,.@-
  const build = (env['BITBUCKET_BUILD_NUMBER'] ?? '').replace(/\D/g, '').slice(0, 20);
  const sessionName = build === '' ? 'codecommit-mirror' : `codecommit-mirror-${build}`;
  return { kind: 'role', roleArn, token, sessionName };
}

/** The access key that the variables give. */
export function readAccessKey(values: Variables, faults: FaultCollection): KeyIdentity | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = values;
  const before = faults.faults.length;
  for (const variable of names) {
    const value = values[variable];
    if (value === undefined && variable === 'AWS_SESSION_TOKEN') continue;
    if (value === undefined) addMissing(variable, faults);
    else if (variable === 'AWS_ACCESS_KEY_ID') checkAccessKeyId(value, sessionToken, faults);
    else if (!/^[!-~]+$/.test(value)) addUnfitSecret(variable, faults);
  }
  if (faults.faults.length > before || !accessKeyId || !secretAccessKey) return undefined;
  return { kind: 'keys', accessKeyId, secretAccessKey, sessionToken };
}

/** The form is that of the IAM API (AccessKeyId): 16 to 128 of \w. */
function checkAccessKeyId(id: string, sessionToken: string | undefined, faults: FaultCollection): void {
  const fault = findFirst([
    [!/^\w{16,128}$/.test(id), 'does not have the form of an access key ID: 16 to 128 of A-Z a-z 0-9 _'],
    [id.startsWith('APKA'), 'is the ID of an SSH public key, which belongs in SSH_KEY_ID'],
    [id.startsWith('ASIA') && !sessionToken, 'is a temporary access key, which needs AWS_SESSION_TOKEN'],
  ]);
  if (fault === undefined) return;
  faults.add(
    'AWS_ACCESS_KEY_ID',
    `AWS_ACCESS_KEY_ID is ${quote(id)}: it ${fault}.`,
    'Give the access key ID that AWS showed when the key was created: it begins with AKIA, or with ASIA if it is temporary.',
  );
}

function addUnfitSecret(variable: string, faults: FaultCollection): void {
  faults.add(
    variable,
    `${variable} contains white space or a character that such a value never has (not shown).`,
    'Copy the value again, without spaces or line breaks, into the secured variable.',
  );
}

function addMissing(variable: string, faults: FaultCollection): void {
  faults.add(
    variable,
    `${variable} is missing: AWS credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if they are temporary.`,
    `Set ${variable} in the variables of the pipe, or remove the others.`,
  );
}
