import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createRequestHandler } from './http';

/** The variables for AWS credentials. */
export type AwsVariables = Readonly<
  Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN', string | undefined>
>;

/**
 * Reads the credentials of a profile like AWS's own tools: keys, SSO, a role, a process. Throws the SDK's error if
 * there are none.
 */
export async function readProfile(
  profile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<AwsVariables> {
  const clientConfig = { requestHandler: createRequestHandler(env) };
  const read = defaultProvider({ clientConfig, ...(profile !== undefined && { profile }) });
  const { accessKeyId, secretAccessKey, sessionToken } = await read();
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}
