import { MirrorError, toQuote } from '../errors';

export const sourceUnreachable = (url: string, stderr: string) =>
  new MirrorError('source-unreachable', {
    message: `The source ${url} can't be reached: ${toQuote(stderr)}`,
    remedy:
      'Nothing was changed. Run again when Bitbucket answers; check SOURCE_URL and SOURCE_PROXY if they are set.',
  });

export const sourceUnauthorised = (url: string, stderr: string) =>
  new MirrorError('source-unauthorised', {
    message: `The source ${url} refuses to be read: ${toQuote(stderr)}`,
    remedy:
      'In a pipe, leave SOURCE_URL unset: Pipelines gives access to its own repository. For another repository, put ' +
      'a user and an access token into SOURCE_URL (a secured variable); in a shell, see that git ls-remote works for it.',
  });

export const sourceNotFound = (url: string, stderr: string) =>
  new MirrorError('source-not-found', {
    message: `There is no git repository at the source ${url}: ${toQuote(stderr)}`,
    remedy: 'Check the workspace and the repository name in SOURCE_URL.',
  });

export const sourceMoved = (refs: readonly string[]) =>
  new MirrorError('source-moved', {
    message: `The source kept changing while it was read: ${refs.slice(0, 5).join(', ')}`,
    remedy: 'Run again. The run that the newest push started will mirror it.',
  });

export const sourceCertificateRefused = (url: string, stderr: string) =>
  new MirrorError('certificate-refused', {
    message: `The certificate of the source ${url} is not trusted: ${toQuote(stderr)}`,
    remedy:
      'Name the certificate of its authority, or of the proxy that intercepts TLS, in SSL_CERT_FILE (a PEM file with ' +
      'every authority that is to be trusted).',
  });

export const sourceAlgorithms = (url: string, stderr: string) =>
  new MirrorError('algorithms-disjoint', {
    message: `The source ${url} and this ssh have no algorithm in common: ${toQuote(stderr)}`,
    remedy: 'Give SOURCE_URL as https://, or allow the algorithm for this host in ~/.ssh/config.',
  });
