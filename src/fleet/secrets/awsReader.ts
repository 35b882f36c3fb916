import type { SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import type { AwsSecretReader } from './resolve';

/** How AWS is reached: as the entry says. */
export interface AwsAccess {
  /** AWS_REGION, AWS_DEFAULT_REGION, and the endpoints AWS_ENDPOINT_URL_SECRETS_MANAGER, _SSM and AWS_ENDPOINT_URL. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The same for every client. */
  readonly config: Pick<SecretsManagerClientConfig, 'credentials' | 'requestHandler' | 'maxAttempts'>;
}

/** A region that is not known: the name is what `resolveSecret` tells. */
class RegionMissing extends Error {
  override readonly name = 'RegionMissing (set AWS_REGION)';
}

/**
 * Reads Secrets Manager and Parameter Store. The clients of AWS are loaded with the first secret that needs one, so that
 * a fleet without such secrets does not pay for them.
 */
export function createAwsSecretReader({ env, config }: AwsAccess): AwsSecretReader {
  const at = (service: string, region: string | undefined) => {
    const endpoint = env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'];
    const place = region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION']);
    if (!place) throw new RegionMissing();
    return { ...config, region: place, ...(endpoint && { endpoint }) };
  };
  return {
    readSecret: async ({ arn, region }) => {
      const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
      const client = new SecretsManagerClient(at('SECRETS_MANAGER', region));
      return (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
    },
    readParameter: async ({ name, region }) => {
      const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
      const client = new SSMClient(at('SSM', region));
      const answer = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return answer.Parameter?.Value;
    },
  };
}
