import { MirrorError, toQuote } from '../errors';

const facts = { role: 'source' };

export const sourceUnreachable = (url: string, stderr: string) =>
  new MirrorError('source-unreachable', {
    message: `The source ${url} can't be reached: ${toQuote(stderr)}`,
    remedy: 'Nothing was changed. Run again when the server answers. Check its URL and the proxy.',
  });

export const sourceUnauthorised = (url: string, stderr: string) =>
  new MirrorError('source-unauthorised', {
    message: `The source ${url} denies read access: ${toQuote(stderr)}`,
    remedy: 'Check the login for the source, and that it may read this repository.',
  });

export const sourceNotFound = (url: string, stderr: string) =>
  new MirrorError('source-not-found', {
    message: `There is no git repository at the source ${url}: ${toQuote(stderr)}`,
    remedy: 'Check the URL of the source.',
  });

export const sourceMoved = (refs: readonly string[]) =>
  new MirrorError('source-moved', {
    message: `The source kept changing while it was read: ${refs.slice(0, 5).join(', ')}`,
    remedy: 'Run again.',
  });

export const sourceCertificateRefused = (url: string, stderr: string) =>
  new MirrorError(
    'certificate-refused',
    {
      message: `The certificate of the source ${url} is not trusted: ${toQuote(stderr)}`,
      remedy:
        'Add the certificate of its authority, or of the TLS-intercepting proxy, to SSL_CERT_FILE (a PEM file with ' +
        'every trusted authority).',
    },
    { facts },
  );

export const sourceAlgorithms = (url: string, stderr: string) =>
  new MirrorError(
    'algorithms-disjoint',
    {
      message: `The source ${url} and this ssh have no algorithm in common: ${toQuote(stderr)}`,
      remedy: 'Use https:// for the source, or allow the algorithm for this host in ~/.ssh/config.',
    },
    { facts },
  );
