import type { MirrorError } from '../errors';
import { timedOut } from '../git/errors';
import { describeGitFailure, parseFailure } from '../git/failures';
import { connectionDropped, destinationFailed, destinationNotFound, destinationUnreachable } from './errors';

/** The failures that a git server has over SSH and HTTPS alike. `port` and `proof` are for what to look at. */
export function describeServerFailure(
  { url, host, port, proof }: { url: string; host: string; port: number; proof: 'key' | 'credentials' },
  stderr: string,
): MirrorError {
  switch (parseFailure(stderr)) {
    case 'unreachable':
    case 'server-error':
      return destinationUnreachable(host, port, stderr);
    case 'timed-out':
      return timedOut(`The connection to ${host}`);
    case 'dropped':
      return connectionDropped(url, stderr);
    case 'not-found':
    case 'unauthorised':
      return destinationNotFound(url, proof, stderr);
    case 'disk-full':
    case 'object-missing':
    case 'ssh-unusable':
    case 'git-too-old':
    case 'object-format':
    case 'not-git':
    case 'proxy':
      return describeGitFailure('push', { exitCode: 1, stdout: '', stderr });
    default:
      return destinationFailed(url, stderr);
  }
}
