import { untrusted } from '../../aws/failures';
import { MirrorError, runAgain, toQuote } from '../../errors';
import { findNetworkCode, isCertificateCode } from '../../http/networkCode';

/** Bitbucket's 401 does not distinguish an expired token from a wrong one, so the message names both. */
export const bitbucketUnauthorised = (said: string, kind: TokenKind) =>
  new MirrorError('setup-bitbucket-unauthorised', {
    message: `Bitbucket does not accept the token in ${kind === 'api' ? 'BITBUCKET_API_TOKEN' : 'BITBUCKET_TOKEN'}: it is wrong, expired or revoked: ${toQuote(said) || '401'}`,
    remedy: kind === 'api' ? apiTokenRemedy : accessTokenRemedy,
  });

/** `api`: an API token with the address of its account. `access`: an access token of a repository, project or workspace. */
export type TokenKind = 'api' | 'access';

const apiTokenRemedy =
  "Each API token has an expiry date: look at it, or make a new token with scopes, at id.atlassian.com/manage-profile/security/api-tokens. BITBUCKET_EMAIL must hold the Atlassian account's address.";
const accessTokenRemedy =
  "Look in Repository settings > Access tokens, and make a new one if it has expired or is gone. BITBUCKET_TOKEN takes access tokens only: an API token goes to BITBUCKET_API_TOKEN, with the Atlassian account's address in BITBUCKET_EMAIL. App passwords stopped working in July 2026.";

export const bitbucketRefused = (said: string) =>
  new MirrorError('setup-not-permitted', {
    message: `Bitbucket refuses requests from this address (403): ${toQuote(said)}`,
    remedy: 'Run setup from an address that the workspace admits, or ask its administrator to add yours.',
  });

export const bitbucketGone = (said: string) =>
  new MirrorError('setup-bitbucket-failed', {
    message: `Bitbucket answers 410 (gone): ${toQuote(said)}`,
    remedy:
      'App passwords stopped working in July 2026: use an access token or an API token. With a token, update codecommit-mirror.',
  });

export const bitbucketNotFound = (name: string) =>
  new MirrorError('setup-bitbucket-not-found', {
    message: `Bitbucket has no repository ${name} that this token may see.`,
    remedy: 'Compare --bitbucket <workspace>/<repository> with the address in the browser; check the token.',
  });

export const bitbucketThrottled = (seconds: number) =>
  new MirrorError('setup-bitbucket-throttled', {
    message: `Bitbucket still throttles the requests after several retries; it asks to wait ${seconds} s.`,
    remedy: `Wait that long. ${runAgain}`,
  });

export const bitbucketUnreachable = (url: string, error: unknown) => {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new MirrorError('setup-bitbucket-unreachable', {
    message: `${url} can't be reached: ${toQuote(said)}`,
    remedy: isCertificateCode(findNetworkCode(error))
      ? untrusted.remedy
      : 'Check the network, and --bitbucket-api if it is set.',
  });
};

export const bitbucketFailed = (call: string, said: string) =>
  new MirrorError('setup-bitbucket-failed', {
    message: `Bitbucket's answer to ${call} is not one that codecommit-mirror knows: ${toQuote(said)}`,
    remedy: `Look at the status of Bitbucket. ${runAgain}`,
  });

export const bitbucketConflict = (call: string) =>
  new MirrorError('setup-changed', {
    message: `Bitbucket answers ${call} with a conflict: somebody changed the same thing at the same time.`,
    remedy: runAgain,
  });
