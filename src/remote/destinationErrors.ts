import { MirrorError, toQuote } from '../errors';

export const permissionDenied = (user: string, host: string) =>
  new MirrorError('permission-denied', {
    message: `${host} accepted the connection but not the key: Permission denied (publickey) for the SSH key ID "${user}".`,
    remedy:
      'Three causes are likely: the SSH key ID is not that of this key (IAM > Users > Security credentials > ' +
      'SSH public keys for AWS CodeCommit); the key is inactive, or was uploaded in another AWS account; ' +
      'the private key is not the one whose public half was uploaded.',
  });

export const hostKeyRefused = (host: string, expected: string | undefined, ...offered: readonly string[]) =>
  new MirrorError('host-key-contradicted', {
    message: `${host} offered a host key that is not the expected one${
      offered.length === 0 ? '' : ` (${offered.join(', ')})`
    }; expected ${expected ?? 'one of the known_hosts lines'}. The connection was ended before any key of yours was used.`,
    remedy:
      'Either somebody is between you and the server, or the server has a new key. Compare with what the service ' +
      'publishes before you change KNOWN_HOSTS or the known hosts of Pipelines.',
  });

export const algorithmsDisjoint = (host: string, stderr: string) =>
  new MirrorError('algorithms-disjoint', {
    message: `${host} and this ssh have no algorithm in common: ${toQuote(stderr)}`,
    remedy:
      'Use a newer version of this pipe. On a workstation, see that the system-wide crypto policy allows RSA.',
  });

export const sshTooOld = (stderr: string) =>
  new MirrorError('ssh-too-old', {
    message: `This ssh does not know an option that is needed: ${toQuote(stderr)}`,
    remedy: 'OpenSSH 8.5 or newer is needed. The image of the pipe has it.',
  });

export const destinationUnreachable = (host: string, port: number, stderr: string) =>
  new MirrorError('destination-unreachable', {
    message: `${host} can't be reached: ${toQuote(stderr)}`,
    remedy: `Check the region in CODECOMMIT_URL, and that port ${port} is open from here.`,
  });

export const destinationNotFound = (url: string, proof: 'key' | 'credentials', stderr: string) =>
  new MirrorError('destination-not-found', {
    message: `The ${proof} ${proof === 'key' ? 'was' : 'were'} accepted, but there is no repository at ${url}: ${toQuote(stderr)}`,
    remedy:
      'Check name (case matters) and region, create the repository, and allow codecommit:GitPull and GitPush on it.',
  });

export const destinationFailed = (url: string, stderr: string) =>
  new MirrorError('destination-failed', {
    message: `${url} ended the conversation: ${toQuote(stderr) || 'it said nothing'}`,
    remedy: 'Run again. If it happens again, run with DEBUG: true and report it with the log.',
  });

/** `who` tells the access key or the role, never a secret. */
export const credentialsRefused = (who: string, url: string, stderr: string) =>
  new MirrorError('credentials-refused', {
    message: `${url} can't be opened with ${who}: ${toQuote(stderr)}`,
    remedy:
      'Allow codecommit:GitPull and codecommit:GitPush on this repository, for this user or role (the permissions of ' +
      'a repository that does not exist are refused too: check name and region). Otherwise the access key is ' +
      'inactive, its secret is another one, a temporary one has expired, or the clock of this machine is wrong.',
  });

export const certificateRefused = (host: string, stderr: string) =>
  new MirrorError('certificate-refused', {
    message: `The certificate of ${host} is not trusted, and nothing was sent to it: ${toQuote(stderr)}`,
    remedy:
      'Either somebody is between you and the server, or CODECOMMIT_ENDPOINT names another host than the ' +
      'certificate. Behind a proxy that opens TLS, name its certificates in SSL_CERT_FILE.',
  });

export const redirected = (url: string, stderr: string) =>
  new MirrorError('destination-failed', {
    message: `${url} answers with a redirection, which is not followed: ${toQuote(stderr)}`,
    remedy:
      'CodeCommit never redirects: something else answers there. Check CODECOMMIT_URL and CODECOMMIT_ENDPOINT.',
  });

export const connectionDropped = (url: string, stderr: string) =>
  new MirrorError('connection-dropped', {
    message: `The connection to ${url} was dropped: ${toQuote(stderr)}`,
    remedy: 'Every ref is at its old or its new value. Run again: the mirror goes on where it stopped.',
  });
