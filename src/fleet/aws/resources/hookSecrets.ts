import { randomBytes } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createRequestHandler } from '../../../aws/http';
import { callAws, isAwsError } from './errors';

/** The secrets that webhooks are signed with. */
export interface HookSecrets {
  /** Whether the test holds with the secrets that are valid now: two while one is replaced. */
  test(holds: (secrets: readonly string[]) => boolean): Promise<boolean>;
}

const keepMilliseconds = 300_000;
/** Whoever sends forged webhooks makes the secret be read so often at most. */
const leastMilliseconds = 10_000;

/** Keeps the secrets for five minutes, and reads them again when a webhook does not fit: one may have been replaced. */
export function keepHookSecrets(read: () => Promise<readonly string[]>, now: () => number): HookSecrets {
  let kept: { readonly at: number; readonly secrets: Promise<readonly string[]> } | undefined;
  const get = async (age: number) => {
    if (kept === undefined || now() - kept.at >= age) {
      kept = { at: now(), secrets: read() };
      kept.secrets.catch(() => {
        kept = undefined;
      });
    }
    return await kept.secrets;
  };
  return {
    test: async (holds) => holds(await get(keepMilliseconds)) || holds(await get(leastMilliseconds)),
  };
}

/** The secret of the stack in Secrets Manager, and the one before, which is valid beside it. Throws MirrorError. */
export async function readHookSecrets(arn: string): Promise<readonly string[]> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = openClient(SecretsManagerClient, arn);
  const readStage = async (VersionStage: string) => {
    const command = new GetSecretValueCommand({ SecretId: arn, VersionStage });
    return (await client.send(command)).SecretString;
  };
  const call = `secretsmanager:GetSecretValue on ${arn}`;
  const current = await callAws(call, () => readStage('AWSCURRENT'));
  const previous = await callAws(call, () =>
    readStage('AWSPREVIOUS').catch((error) => {
      if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
      throw error;
    }),
  );
  return [current, previous].filter((secret) => secret !== undefined && secret.length >= 32) as string[];
}

/** Puts a new secret in the place of the present one, which stays valid beside it. Gives it. Throws MirrorError. */
export async function replaceHookSecret(arn: string): Promise<string> {
  const { PutSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = openClient(SecretsManagerClient, arn);
  const secret = randomBytes(32).toString('hex');
  const command = new PutSecretValueCommand({ SecretId: arn, SecretString: secret });
  await callAws(`secretsmanager:PutSecretValue on ${arn}`, () => client.send(command));
  return secret;
}

function openClient(Client: typeof SecretsManagerClient, arn: string): SecretsManagerClient {
  const region = arn.split(':')[3];
  return new Client({ requestHandler: createRequestHandler(), ...(region && { region }) });
}
