import { hasCode, type MirrorError, toErrorText } from '../errors';
import { type HttpAnswer, sendRequest } from '../http/request';
import type { Context } from '../system/context';
import { toStopError } from '../system/errors';
import { roleRefused, tokenExpired, tokenServiceFailed } from './errors';
import type { RoleIdentity, Session } from './identity';

/**
 * Gets a session of a role from AWS's Security Token Service. The request is not signed: the OIDC token is the proof
 * (STS API, AssumeRoleWithWebIdentity). It uses https_proxy and SSL_CERT_FILE, as git does. Throws MirrorError.
 */
export async function assumeRole(
  role: RoleIdentity,
  region: string,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<Session> {
  const endpoint = env['AWS_ENDPOINT_URL_STS'] || toEndpoint(region);
  try {
    const answer = await sendRequest(new URL(endpoint), toRequest(role), { env, signal });
    return parseAnswer(answer, role.roleArn);
  } catch (error) {
    if (signal.aborted) throw toStopError(signal.reason);
    if (hasCode(error, ['proxy-refused', 'role-refused', 'token-expired', 'sts-failed'])) throw error;
    throw tokenServiceFailed(role.roleArn, `${new URL(endpoint).host}: ${toErrorText(error)}`);
  }
}

function toEndpoint(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

/** STS responds within a second. */
const timeout = 10_000;

function toRequest({ roleArn, token, sessionName }: RoleIdentity) {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', headers, body: form.toString(), timeout };
}

function parseAnswer({ status, text }: HttpAnswer, roleArn: string): Session {
  if (status !== 200) throw toRefusal(status, text, roleArn);
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => readElement(text, name));
  const expiresAt = new Date(expiration ?? '');
  if (!accessKeyId || !secretAccessKey || !sessionToken || Number.isNaN(expiresAt.getTime()))
    throw tokenServiceFailed(roleArn, 'the response has no credentials');
  return { keys: { accessKeyId, secretAccessKey, sessionToken }, expiresAt };
}

/** Uses the error codes of AssumeRoleWithWebIdentity. */
function toRefusal(status: number, text: string, roleArn: string): MirrorError {
  const code = readElement(text, 'Code') ?? `HTTP ${status}`;
  const name = code.replace(/Exception$/, '');
  const cause = `${name}: ${readElement(text, 'Message') ?? text.slice(0, 200)}`;
  if (name === 'ExpiredToken') return tokenExpired(roleArn, cause);
  return refusals.has(name) ? roleRefused(roleArn, cause) : tokenServiceFailed(roleArn, cause);
}

const refusals = new Set(['AccessDenied', 'InvalidIdentityToken', 'IDPRejectedClaim', 'ValidationError']);

/**
 * The text of the first element with this name. Responses of STS have no attributes, and no nested elements with that
 * name.
 */
function readElement(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(lt|gt|quot|apos|amp);/g, (_all, entity: string) => entities[entity] ?? '');
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
