import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { createRequestHandler } from './http';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the credentials of a profile like AWS's own tools: keys, SSO, a role, a process. Gives the three variables for
 * them: a token in `env` belongs to other keys. Throws the SDK's error if there are none.
 */
export async function readProfile(profile: string | undefined, env: Environment): Promise<Environment> {
  const clientConfig = { requestHandler: createRequestHandler(env) };
  const read = defaultProvider({ clientConfig, ...(profile !== undefined && { profile }) });
  const { accessKeyId, secretAccessKey, sessionToken } = await read();
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}
