import { MirrorError, toQuote } from '../errors';

export const permissionDenied = (user: string, host: string) =>
  new MirrorError('permission-denied', {
    message: `${host} refused the key: Permission denied (publickey) for the SSH user "${user}".`,
    remedy: 'The private key must match a public key that is registered, and active, for this user.',
  });

export const hostKeyRefused = (host: string, expected: string | undefined, ...offered: readonly string[]) =>
  new MirrorError('host-key-contradicted', {
    message: `${host} offered a host key that is not the expected one${
      offered.length === 0 ? '' : ` (${offered.join(', ')})`
    }; expected ${expected ?? 'one of the known_hosts lines'}. The connection was closed before your key was used.`,
    remedy:
      'This may be a man-in-the-middle attack, or the server has a new key. Compare with what the service publishes ' +
      'before you trust the new key.',
  });

export const algorithmsDisjoint = (host: string, stderr: string) =>
  new MirrorError('algorithms-disjoint', {
    message: `${host} and this ssh have no algorithm in common: ${toQuote(stderr)}`,
    remedy: 'Use a newer OpenSSH, and check that the crypto policy of this machine allows RSA.',
  });

export const sshTooOld = (stderr: string) =>
  new MirrorError('ssh-too-old', {
    message: `This ssh does not support a required option: ${toQuote(stderr)}`,
    remedy: 'OpenSSH 8.5 or newer is required.',
  });

export const destinationUnreachable = (host: string, port: number, stderr: string) =>
  new MirrorError(
    'destination-unreachable',
    {
      message: `${host} can't be reached: ${toQuote(stderr)}`,
      remedy: `Check the URL of the destination, and that port ${port} is open from here.`,
    },
    { facts: { port } },
  );

export const destinationNotFound = (url: string, proof: 'key' | 'credentials', stderr: string) =>
  new MirrorError('destination-not-found', {
    message: `The ${proof} ${proof === 'key' ? 'was' : 'were'} accepted, but there is no repository at ${url}: ${toQuote(stderr)}`,
    remedy:
      'Check the name (case matters), create the repository, and allow this login to read it and to push to it.',
  });

export const destinationFailed = (url: string, stderr: string) =>
  new MirrorError('destination-failed', {
    message: `${url} closed the connection: ${toQuote(stderr) || 'it gave no reason'}`,
    remedy: 'Run again. If it fails again, run with debug logging and report it with the log.',
  });

/** `who` names the access key or the role, never a secret. */
export const credentialsRefused = (who: string, url: string, stderr: string) =>
  new MirrorError('credentials-refused', {
    message: `${url} can't be opened with ${who}: ${toQuote(stderr)}`,
    remedy:
      'Allow this login to read the repository and to push to it. Many servers give the same answer if the ' +
      'repository does not exist, the login has expired, or the clock of this machine is wrong.',
  });

export const certificateRefused = (host: string, stderr: string) =>
  new MirrorError(
    'certificate-refused',
    {
      message: `The certificate of ${host} is not trusted, and nothing was sent to it: ${toQuote(stderr)}`,
      remedy:
        'This may be a man-in-the-middle attack, or the certificate is for another host. Behind a TLS-intercepting ' +
        'proxy, add its certificates to SSL_CERT_FILE.',
    },
    { facts: { role: 'destination' } },
  );

export const redirected = (url: string, stderr: string) =>
  new MirrorError(
    'destination-failed',
    {
      message: `${url} answers with a redirect, which is not followed: ${toQuote(stderr)}`,
      remedy: 'Check the URL of the destination: something else answers there.',
    },
    { facts: { redirected: url } },
  );

export const connectionDropped = (url: string, stderr: string) =>
  new MirrorError('connection-dropped', {
    message: `The connection to ${url} was dropped: ${toQuote(stderr)}`,
    remedy: 'Every ref has its old or its new value. Run again: the mirror continues where it stopped.',
  });
