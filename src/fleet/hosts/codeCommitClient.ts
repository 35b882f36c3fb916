import { CodeCommit, type CodeCommitClientConfig } from '@aws-sdk/client-codecommit';
import { STS } from '@aws-sdk/client-sts';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { isThrottlingError, isTransientError } from '@smithy/core/retry';
import { createRequestHandler } from '../../aws/http';
import type { AwsKeys } from '../../aws/identity';
import type { MirrorError } from '../../errors';
import { findNetworkCode } from '../../http/networkCode';
import { toStopError } from '../../system/errors';
import { type HostContext, refusalMilliseconds } from './api/settings';
import type { CodeCommitSettings, Place } from './codeCommitPlace';
import {
  HostThrottled,
  hostFailed,
  hostUnreachable,
  nameRefused,
  nameTaken,
  notPermitted,
  quotaUsedUp,
  tokenRefused,
} from './errors';

interface Client {
  readonly client: CodeCommit;
  /** The keys that the client signs with, made new when they near their end. */
  readKeys(): Promise<AwsKeys>;
  /** How many repositories the account may have; undefined where AWS does not say. */
  readAllowed(): Promise<number | undefined>;
}

/** What the SDK calls a provider: it is asked again when what it gave nears `expiration`. */
type Credentials = Extract<CodeCommitClientConfig['credentials'], (...input: never[]) => unknown>;

/**
 * "Adaptive" slows the client down when AWS throttles, for all its calls: a listing is dozens of them in a row. AWS's own
 * variables say otherwise.
 */
function toRetries({ AWS_RETRY_MODE: retryMode, AWS_MAX_ATTEMPTS: attempts }: HostContext['env']) {
  return { retryMode: retryMode || 'adaptive', maxAttempts: Number(attempts) || 8 };
}

/** Opens AWS's client for one region. Endpoints by AWS_ENDPOINT_URL_CODECOMMIT, _STS or AWS_ENDPOINT_URL. */
export function createClient(
  { region, role, externalId }: CodeCommitSettings,
  { env, signal }: HostContext,
): Client {
  const requestHandler = createRequestHandler(env);
  const base = toCredentials(env);
  const credentials =
    role === undefined ? base : assume({ role, externalId }, new STS({ ...at('STS'), credentials: base }));
  const client = new CodeCommit({ ...at('CODECOMMIT'), credentials });
  return {
    client,
    readKeys: async () => await client.config.credentials(),
    // Loaded when it is needed: only before repositories are made.
    async readAllowed() {
      const { readAllowedRepositories } = await import('./codeCommitQuota');
      const config = { ...at('SERVICE_QUOTAS'), maxAttempts: 2, credentials };
      return await readAllowedRepositories(config, signal);
    },
  };

  function at(service: string) {
    const endpoint = env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'];
    return { region, requestHandler, ...toRetries(env), ...(endpoint ? { endpoint } : {}) };
  }
}

/** The keys of the environment that was handed down; else AWS's own chain: profile, SSO, container, instance. */
function toCredentials(env: HostContext['env']): Credentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (accessKeyId && secretAccessKey)
    return async () => ({ accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) });
  const profile = env['AWS_PROFILE'];
  const clientConfig = { requestHandler: createRequestHandler(env) };
  return defaultProvider({ clientConfig, ...(profile ? { profile } : {}) });
}

/** `RoleSessionName` stands in CloudTrail. */
function assume(
  { role, externalId }: { readonly role: string; readonly externalId: string | undefined },
  sts: STS,
): Credentials {
  return async () => {
    const { Credentials: given } = await sts.assumeRole({
      RoleArn: role,
      RoleSessionName: 'codecommit-mirror',
      ...(externalId !== undefined && { ExternalId: externalId }),
    });
    if (!given?.AccessKeyId || !given.SecretAccessKey) throw new Error(`STS gave no credentials for ${role}`);
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      ...(given.SessionToken && { sessionToken: given.SessionToken }),
      ...(given.Expiration && { expiration: given.Expiration }),
    };
  };
}

interface CallOptions {
  readonly abortSignal: AbortSignal;
}

/** Calls AWS. `action` is the IAM action, without its service; `subject` is the repository's name. Throws MirrorError. */
export async function callCodeCommit<T>(
  place: Place,
  { action, subject = '' }: { readonly action: string; readonly subject?: string },
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const { signal, limiters, clock } = place.context;
  const { refusal } = place;
  if (refusal !== undefined && clock.now() < refusal.until) throw refusal.error;
  try {
    return await limiters.of(place.authority).run(signal, () => call({ abortSignal: signal }));
  } catch (error) {
    if (signal.aborted) throw toStopError(signal.reason);
    if (!(error instanceof Error)) throw error;
    const failure = toMirrorError(place, { call: `codecommit:${action}`, subject }, error);
    if (failure.code === 'fleet-token-refused')
      place.refusal = { error: failure, until: clock.now() + refusalMilliseconds };
    throw failure;
  }
}

const credentialsRefused =
  /^(CredentialsProviderError|TokenProviderError|(Expired|Invalid)(Token|ClientTokenId)|RequestExpired|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSignature|AuthFailure|MissingAuthenticationToken|IncompleteSignature)$/;
const credentialsRemedy =
  'Log in (aws sso login), set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. A wrong clock makes valid credentials fail too. For "role", check that its trust policy names who assumes it.';

/** By the names of AWS's errors, without the ending `Exception`. */
function toMirrorError(
  { name: host, region, context }: Place,
  { call, subject }: { readonly call: string; readonly subject: string },
  error: Error,
): MirrorError {
  const name = error.name.replace(/Exception$/, '');
  const said = `${name}: ${error.message}`;
  if (credentialsRefused.test(name) || /sts:AssumeRole/.test(error.message))
    return tokenRefused(host, said, credentialsRemedy, 'AWS credentials');
  if (/^(AccessDenied|UnauthorizedOperation|NotAuthorized|OperationNotAllowed)$/.test(name))
    return notPermitted(host, call, said, `${call} in a policy of the user or role`);
  if (name === 'RepositoryLimitExceeded') return quotaUsedUp(host, said);
  if (name === 'RepositoryNameExists') return nameTaken(host, subject);
  if (/^Invalid(Repository|Tag|System)|^TooManyTags|^TagPolicy/.test(name))
    return nameRefused(host, subject, said);
  // The SDK's own type of an error: it has these fields or does not.
  const classified = error as Parameters<typeof isTransientError>[0];
  const isLimit = isThrottlingError(classified);
  // After all tries of the client: AWS says no time.
  if (isLimit) return new HostThrottled(host, new Date(context.clock.now() + 60_000), said);
  if (isTransientError(classified) || findNetworkCode(error) !== undefined)
    return hostUnreachable(host, region, error);
  return hostFailed(host, call, said);
}
