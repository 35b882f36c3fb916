import { diskFull, type MirrorError } from '../errors';
import { cloneBroken, gitFailed } from './errors';
import type { GitResult } from './git';

/** What a failed git or ssh command means. */
export type FailureKind =
  | 'permission-denied'
  | 'host-key'
  | 'algorithms'
  | 'ssh-too-old'
  | 'certificate'
  | 'redirected'
  | 'unauthorised'
  | 'not-found'
  | 'server-error'
  | 'disk-full'
  | 'timed-out'
  | 'unreachable'
  | 'dropped'
  | 'object-missing'
  | 'unknown';

/**
 * From what git 2.39-2.47 and OpenSSH 9.2-10.0 write to what it means. The first row that matches wins, so a cause
 * stands above its consequence ("the remote end hung up" follows nearly everything).
 */
const table: readonly (readonly [RegExp, FailureKind])[] = [
  [/Permission denied \(/, 'permission-denied'],
  [/Host key verification failed/, 'host-key'],
  [/no matching (host key type|key exchange method|cipher|MAC) found/, 'algorithms'],
  [/Bad configuration option/i, 'ssh-too-old'],
  [/certificate (problem|verification failed|subject name)|no alternative certificate|CAfile/, 'certificate'],
  [/No space left on device|Disk quota exceeded/, 'disk-full'],
  [
    /bad object|unable to read [0-9a-f]{40}|missing (blob|tree|commit|tag)|Could not read [0-9a-f]{40}/,
    'object-missing',
  ],
  [/requested URL returned error: 3\d\d/, 'redirected'],
  [/Rate Exceeded|requested URL returned error: (429|5\d\d)/i, 'server-error'],
  [
    /Authentication failed|requested URL returned error: 40[137]|could not read (Username|Password)/,
    'unauthorised',
  ],
  [/CONNECT tunnel failed, response 40[37]|response 407/, 'unauthorised'],
  [
    /[Rr]epository .*not found|requested URL returned error: 404|does not appear to be a git repository/,
    'not-found',
  ],
  [/timed out|Operation too slow|Timeout, server .* not responding/i, 'timed-out'],
  [
    /Could not resolve (host|proxy)|Connection refused|No route to host|Network is unreachable/,
    'unreachable',
  ],
  [/Failed to connect|Couldn't connect to server|not valid: could not (read|lock)/, 'unreachable'],
  [
    /Empty reply from server|transfer closed with|Connection (was )?reset|closed by remote host|Connection closed by|Broken pipe/,
    'dropped',
  ],
  [
    /hung up unexpectedly|early EOF|unexpected disconnect|send disconnect|RPC failed|Received disconnect/,
    'dropped',
  ],
  // All that git says when ssh's shared connection breaks: ssh itself is silent then.
  [/^fatal: Could not read from remote repository\.\s*$/m, 'dropped'],
];

/** The kind of failure that this standard error tells of. */
export function parseFailure(stderr: string): FailureKind {
  return table.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'unknown';
}

/** The failure of a git command that touches this machine only. */
export function describeGitFailure(command: string, result: GitResult): MirrorError {
  switch (parseFailure(result.stderr)) {
    case 'disk-full':
      return diskFull(result.stderr);
    case 'object-missing':
      return cloneBroken(result.stderr);
    default:
      return gitFailed(command, result);
  }
}
