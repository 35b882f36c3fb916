import { invalid } from '../faults';
import { isKeyless } from '../pipe/identity';
import type { Environment } from '../pipe/variables';

/**
 * The AWS credentials of the profile, as variables: of `--profile` always; else, over HTTPS and without any key in the
 * variables, those that AWS's own tools would take (AWS_PROFILE, SSO, the default profile). Throws SettingsError where
 * a profile that was named has none.
 */
export async function readShellCredentials(env: Environment, flag: unknown): Promise<Environment> {
  const given = typeof flag === 'string' ? flag : undefined;
  if (given === undefined && !isWanted(env)) return {};
  const profile = given ?? env['AWS_PROFILE'];
  const { readProfile } = await import('../aws/profile');
  try {
    const { AWS_SESSION_TOKEN: token, ...keys } = await readProfile(profile);
    // A token of the environment belongs to other keys.
    return { ...keys, AWS_SESSION_TOKEN: token };
  } catch (error) {
    // Without credentials of any kind, what is missing is told as a whole.
    if (profile === undefined) return {};
    throw noCredentials(given === undefined ? 'AWS_PROFILE' : '--profile', profile, error);
  }
}

function isWanted(env: Environment): boolean {
  if (isKeyless(env) || env['SSH_KEY_ID'] !== undefined || env['SSH_KEY'] !== undefined) return false;
  return env['CODECOMMIT_URL'] !== undefined && !env['CODECOMMIT_URL'].startsWith('ssh:');
}

function noCredentials(variable: string, profile: string, cause: unknown) {
  const said = cause instanceof Error ? cause.message : String(cause);
  return invalid(
    variable,
    `The AWS profile ${JSON.stringify(profile)} gives no credentials: ${said}`,
    `See that it is in ~/.aws/config or ~/.aws/credentials; with SSO, log in: aws sso login --profile ${profile}`,
  );
}
