import { toErrorText } from '../errors';
import { invalid } from '../faults';
import { isKeyless } from '../pipe/identity';
import { type Environment, readItems } from '../pipe/variables';

/**
 * The AWS credentials of a profile, as variables: always those of `--profile`; otherwise, over HTTPS and without any
 * key in the variables, those that AWS's own tools would use (AWS_PROFILE, SSO, the default profile). Throws
 * SettingsError if a named profile has none.
 */
export async function readShellCredentials(env: Environment, flag: unknown): Promise<Environment> {
  const given = typeof flag === 'string' ? flag : undefined;
  if (given === undefined && !isWanted(env)) return {};
  const profile = given ?? env['AWS_PROFILE'];
  const { readProfile } = await import('../aws/profile');
  try {
    return await readProfile(profile, env);
  } catch (error) {
    // Without any credentials, the settings report everything that is missing.
    if (profile === undefined) return {};
    throw noCredentials(given === undefined ? 'AWS_PROFILE' : '--profile', profile, error);
  }
}

function isWanted(env: Environment): boolean {
  if (isKeyless(env) || env['SSH_KEY_ID'] !== undefined || env['SSH_KEY'] !== undefined) return false;
  return readItems(env, 'CODECOMMIT_URL').some((item) => item !== '' && !item.startsWith('ssh:'));
}

function noCredentials(variable: string, profile: string, cause: unknown) {
  return invalid(
    variable,
    `The AWS profile ${JSON.stringify(profile)} provides no credentials: ${toErrorText(cause)}`,
    `Check that it is in ~/.aws/config or ~/.aws/credentials. With SSO, log in: aws sso login --profile ${profile}`,
  );
}
