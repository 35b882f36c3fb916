import type { Context } from '../context';
import { type MirrorError, toStopError } from '../errors';
import type { Identity } from '../settings/identity';
import { roleRefused, tokenExpired, tokenServiceFailed } from './errors';
import type { AwsKeys } from './sigv4';

/** A session of a role, as STS gave it. */
export interface Session {
  readonly keys: AwsKeys & { readonly sessionToken: string };
  readonly expiresAt: Date;
}

/** The SDK's own margin: a session this close to its end is renewed before it is used again. */
const renewalMilliseconds = 5 * 60_000;

/** Gives the keys to sign with. Throws MirrorError when AWS gives none. */
export type KeyReader = () => Promise<AwsKeys>;

/** Reads the keys of the variables, or those of a session of the role, which is renewed when it nears its end. */
export function createKeyReader(
  identity: Identity,
  region: string,
  context: Pick<Context, 'log' | 'signal'>,
): KeyReader {
  if (identity.kind === 'keys') return async () => identity;
  return createSessionReader(async () => {
    const session = await assumeRole(identity, region, context.signal);
    context.log.conceal([session.keys.secretAccessKey, session.keys.sessionToken]);
    return session;
  }, Date.now);
}

/** Holds on to one session at a time. `now` gives milliseconds since 1970. */
export function createSessionReader(open: () => Promise<Session>, now: () => number): KeyReader {
  let session: Session | undefined;
  let renewal: Promise<Session> | undefined;
  return async () => {
    const left = session === undefined ? 0 : session.expiresAt.getTime() - now();
    if (session !== undefined && left > renewalMilliseconds) return session.keys;
    // Two that ask at once share one session.
    renewal ??= open().finally(() => {
      renewal = undefined;
    });
    try {
      session = await renewal;
    } catch (error) {
      // The token may have expired before the session did: what is left of the session is still good.
      if (session === undefined || left <= 0) throw error;
    }
    return session.keys;
  };
}

/** AWS's client is loaded here, when it is needed: a mirror over SSH never waits for it. */
async function assumeRole(
  { roleArn, token, sessionName }: Extract<Identity, { kind: 'role' }>,
  region: string,
  signal: AbortSignal,
): Promise<Session> {
  const { STSClient, AssumeRoleWithWebIdentityCommand } = await import('@aws-sdk/client-sts');
  const { createRequestHandler } = await import('../aws/http');
  const client = new STSClient({ region, requestHandler: createRequestHandler() });
  const command = new AssumeRoleWithWebIdentityCommand({
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
  });
  try {
    const { Credentials } = await client.send(command, { abortSignal: signal });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration)
      throw new Error('the answer holds no credentials');
    const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    return { keys, expiresAt: Expiration };
  } catch (error) {
    if (signal.aborted) throw toStopError(signal.reason);
    throw describeTokenServiceFailure(roleArn, error);
  } finally {
    client.destroy();
  }
}

/** By the error codes of STS's AssumeRoleWithWebIdentity; the SDK adds "Exception" to some. */
function describeTokenServiceFailure(roleArn: string, error: unknown): MirrorError {
  const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
  const code = name.replace(/Exception$/, '');
  const cause = `${code}: ${message}`;
  if (code === 'ExpiredToken') return tokenExpired(roleArn, cause);
  return refusals.has(code) ? roleRefused(roleArn, cause) : tokenServiceFailed(roleArn, cause);
}

const refusals = new Set(['AccessDenied', 'InvalidIdentityToken', 'IDPRejectedClaim', 'ValidationError']);
