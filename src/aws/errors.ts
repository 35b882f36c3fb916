import { MirrorError, toQuote } from '../errors';

export const roleRefused = (roleArn: string, cause: string) =>
  new MirrorError('role-refused', {
    message: `AWS does not allow this run to assume ${roleArn}: ${toQuote(cause)}`,
    remedy:
      'Check that the role exists, and that its trust policy names the identity provider, audience and subject of the token.',
  });

export const tokenExpired = (roleArn: string, cause: string) =>
  new MirrorError('token-expired', {
    message: `The OIDC token has expired, so ${roleArn} can't be assumed (again): ${toQuote(cause)}`,
    remedy:
      'Run again with a new token: the mirror continues where it stopped. The "Maximum session duration" of the role ' +
      'limits a session.',
  });

export const tokenServiceFailed = (roleArn: string, cause: string) =>
  new MirrorError('sts-failed', {
    message: `The AWS Security Token Service provided no credentials for ${roleArn}: ${toQuote(cause)}`,
    remedy:
      'Run again. If it fails again, check that this region is enabled in your account, and that ' +
      'sts.<region>.amazonaws.com can be reached from here.',
  });
