import { createRequestHandler } from '../../../aws/http';
import type { ChainIdentity, Session } from '../../../aws/identity';
import { callAws } from './errors';

/** A role of this or of another account. */
export interface Role {
  readonly arn: string;
  /** What the trust policy of the role asks for (IAM, "External ID"). */
  readonly externalId: string | undefined;
}

/** A session is renewed when it has no more than this left: git's signature is made at each connection. */
const margin = 10 * 60_000;

/**
 * The identity of this function itself, or of a role that it assumes in the region of the side that it is for. One
 * session serves many runs. `now` gives milliseconds since 1970.
 */
export function createChainIdentity(
  role: Role | undefined,
  region: string,
  now: () => number,
): ChainIdentity {
  let kept: Promise<Session> | undefined;
  return {
    kind: 'chain',
    name: role === undefined ? 'the role of this function' : `the role ${role.arn}`,
    async read() {
      const session = await kept?.catch(() => undefined);
      if (session !== undefined && (session.expiresAt?.getTime() ?? Infinity) - now() > margin)
        return session;
      kept = role === undefined ? readOwn() : assume(role, region);
      return await kept;
    },
  };
}

async function readOwn(): Promise<Session> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const read = defaultProvider({ clientConfig: { requestHandler: createRequestHandler() } });
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = await callAws(
    'its own credentials',
    read,
  );
  return { keys: { accessKeyId, secretAccessKey, sessionToken }, expiresAt: expiration };
}

async function assume({ arn, externalId }: Role, region: string): Promise<Session> {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ region, requestHandler: createRequestHandler() });
  const input = {
    RoleArn: arn,
    RoleSessionName: 'codecommit-mirror',
    ...(externalId !== undefined && { ExternalId: externalId }),
  };
  const call = `sts:AssumeRole on ${arn}`;
  const { Credentials: given } = await callAws(call, () => client.send(new AssumeRoleCommand(input)));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken, Expiration } = given ?? {};
  return {
    keys: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    expiresAt: Expiration,
  };
}
