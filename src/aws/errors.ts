import { MirrorError, toQuote } from '../errors';

export const roleRefused = (roleArn: string, cause: string) =>
  new MirrorError('role-refused', {
    message: `AWS does not let this step assume ${roleArn}: ${toQuote(cause)}`,
    remedy:
      'Compare the trust policy of the role (it must exist, and name the identity provider of your workspace, the ' +
      'audience ari:cloud:bitbucket::workspace/<uuid> and this repository) with Repository settings > Pipelines > ' +
      'OpenID Connect.',
  });

export const tokenExpired = (roleArn: string, cause: string) =>
  new MirrorError('token-expired', {
    message: `The OIDC token of this step has expired, so ${roleArn} can't be assumed (again): ${toQuote(cause)}`,
    remedy:
      'The token lives as long as Bitbucket lets it, and a session of the role as long as its "Maximum session ' +
      'duration". Run again: what was mirrored stays, and the rest follows. Put the pipe early in the step.',
  });

export const tokenServiceFailed = (roleArn: string, cause: string) =>
  new MirrorError('sts-failed', {
    message: `The AWS Security Token Service gave no credentials for ${roleArn}: ${toQuote(cause)}`,
    remedy:
      'Run again. If it happens again, check that this region is enabled in your account, and that sts.<region>.amazonaws.com can be reached from here.',
  });
