import type { KeyIdentity, RoleIdentity } from '../aws/identity';
import { type FaultCollection, invalid, quote, type SettingsError } from '../faults';
import type { Environment, Variables } from './variables';

const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;

/** Whether AWS credentials or a role are given, in whole or in part, and whether or not they are at fault. */
export function isKeyless(env: Environment): boolean {
  return Boolean(env['AWS_OIDC_ROLE_ARN']) || hasAccessKey(env);
}

/** Whether an access key is given, in whole or in part. */
export function hasAccessKey(env: Environment): boolean {
  return names.some((name) => Boolean(env[name]));
}

/** The one identity that the variables give; what is at fault goes to `faults`. */
export function readIdentity(
  env: Environment,
  values: Variables,
  faults: FaultCollection,
): KeyIdentity | RoleIdentity | undefined {
  for (const name of ['SSH_KEY_ID', 'SSH_KEY'] as const) {
    if (values[name] !== undefined) faults.add(...keyBeside(name, env).faults);
  }
  if (!env['AWS_OIDC_ROLE_ARN']) return readAccessKey(values, faults);
  const present = names.find((name) => env[name]);
  if (present !== undefined) faults.add(...keysBesideRole(present).faults);
  return readRole(env, values.AWS_OIDC_ROLE_ARN, faults);
}

function keyBeside(name: string, env: Environment): SettingsError {
  const other = env['AWS_OIDC_ROLE_ARN'] ? 'AWS_OIDC_ROLE_ARN is' : 'AWS credentials are';
  return invalid(
    name,
    `${name} is set, and ${other} set too: a mirror goes over SSH with a key, or over HTTPS without one.`,
    `Leave ${name} out to go over HTTPS, or give CODECOMMIT_URL as ssh://… to go over SSH.`,
  );
}

function keysBesideRole(present: string): SettingsError {
  return invalid(
    present,
    `${present} and AWS_OIDC_ROLE_ARN are both set: it is not clear as whom to mirror.`,
    'Keep AWS_OIDC_ROLE_ARN and take the AWS_… keys out of the variables of this pipe, or the other way round.',
  );
}

function readRole(
  env: Environment,
  roleArn: string | undefined,
  faults: FaultCollection,
): KeyIdentity | RoleIdentity | undefined {
  if (roleArn === undefined) return undefined;
  const token = env['BITBUCKET_STEP_OIDC_TOKEN'] || undefined;
  if (!/^arn:aws(-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(roleArn))
    faults.add(...unfitArn(roleArn).faults);
  if (token === undefined) {
    faults.add(...tokenMissing.faults);
    return undefined;
  }
  // The form is STS's (RoleSessionName): 2 to 64 of \w+=,.@-
  const build = (env['BITBUCKET_BUILD_NUMBER'] ?? '').replace(/\D/g, '').slice(0, 20);
  const sessionName = build === '' ? 'codecommit-mirror' : `codecommit-mirror-${build}`;
  return { kind: 'role', roleArn, token, sessionName };
}

function unfitArn(roleArn: string): SettingsError {
  return invalid(
    'AWS_OIDC_ROLE_ARN',
    `AWS_OIDC_ROLE_ARN is ${quote(roleArn)}; it must be the ARN of a role, arn:aws:iam::<12 digits>:role/<name>.`,
    'Copy the ARN from IAM > Roles > the role.',
  );
}

const tokenMissing = invalid(
  'AWS_OIDC_ROLE_ARN',
  'AWS_OIDC_ROLE_ARN is set, but this step has no OIDC token (BITBUCKET_STEP_OIDC_TOKEN is not set).',
  'Add `oidc: true` to the step in bitbucket-pipelines.yml.',
);

/** The access key that the variables give; what is at fault goes to `faults`. */
export function readAccessKey(values: Variables, faults: FaultCollection): KeyIdentity | undefined {
  const accessKeyId = faults.attempt(() => parseAccessKeyId(values));
  const secretAccessKey = faults.attempt(() => parseSecret('AWS_SECRET_ACCESS_KEY', values));
  const sessionToken =
    values.AWS_SESSION_TOKEN === undefined
      ? undefined
      : faults.attempt(() => parseSecret('AWS_SESSION_TOKEN', values));
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { kind: 'keys', accessKeyId, secretAccessKey, sessionToken };
}

/** The form is that of the IAM API (AccessKeyId): 16 to 128 of \w. */
function parseAccessKeyId({ AWS_ACCESS_KEY_ID: id, AWS_SESSION_TOKEN: sessionToken }: Variables): string {
  if (id === undefined) throw missing('AWS_ACCESS_KEY_ID');
  if (!/^\w{16,128}$/.test(id))
    throw unfit('it does not have the form of an access key id: 16 to 128 of A-Z a-z 0-9 _', id);
  if (id.startsWith('APKA'))
    throw unfit('it is the id of an SSH public key, which belongs into SSH_KEY_ID', id);
  if (id.startsWith('ASIA') && sessionToken === undefined)
    throw unfit('it is a temporary access key, which needs AWS_SESSION_TOKEN', id);
  return id;
}

function parseSecret(name: 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN', values: Variables): string {
  const secret = values[name];
  if (secret === undefined) throw missing(name);
  if (/^[!-~]+$/.test(secret)) return secret;
  throw invalid(
    name,
    `${name} holds white space or a character that no such value has (not shown).`,
    `Copy the value again, without spaces or line ends, into the secured variable.`,
  );
}

function missing(name: string): SettingsError {
  return invalid(
    name,
    `${name} is missing: AWS credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN with temporary ones.`,
    `Give ${name} under the variables of the pipe, or take the others out.`,
  );
}

function unfit(what: string, id: string): SettingsError {
  return invalid(
    'AWS_ACCESS_KEY_ID',
    `AWS_ACCESS_KEY_ID is ${quote(id)}: ${what}.`,
    'Give the access key as AWS showed it when it was made: the id begins with AKIA, that of a temporary one with ASIA.',
  );
}
