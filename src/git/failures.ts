import type { MirrorError } from '../errors';
import { diskFull, proxyRefused } from '../system/errors';
import { cloneBroken, gitFailed, gitTooOld, objectFormat, sshUnusable, unreadableListing } from './errors';

/** The cause of a failed git or ssh command. */
export type FailureKind =
  | 'permission-denied'
  | 'host-key'
  | 'algorithms'
  | 'ssh-too-old'
  | 'ssh-unusable'
  | 'git-too-old'
  | 'object-format'
  | 'not-git'
  | 'proxy'
  | 'moved'
  | 'certificate'
  | 'redirected'
  | 'unauthorised'
  | 'password-removed'
  | 'not-found'
  | 'server-error'
  | 'disk-full'
  | 'timed-out'
  | 'unreachable'
  | 'dropped'
  | 'object-missing'
  | 'unknown';

/**
 * Messages of Bitbucket, GitHub, GitLab and gitolite about a repository that does not exist, or is hidden from this
 * user.
 */
const hostNotFound =
  /repository does not exist|project you were looking for could not be found|Repository not found\.|no such (project|repository)/i;

/**
 * Messages about missing access, of Bitbucket ("an admin must whitelist your IP"; "enable two-step authentication"; a
 * token without its scope), GitHub (SAML; an IP allow list; a deploy key of another repository), GitLab and gitolite.
 */
const hostRefusal =
  /You may not have access to this repository|either does not exist or you do not have access|^Unauthorized|IP (address|allow ?list)|(whitelist|allowlist) your IP|enable two-step|lack one or more required privilege scopes|SAML SSO|Permission to \S+ denied to|not allowed to (download|access|upload)|^(ERROR: |fatal: remote error: )?access denied|DENIED by fallthru/im;

/**
 * Messages of git 2.39-2.47 and OpenSSH 9.2-10.0, and their meaning. The first matching row wins, so causes come before
 * their consequences ("the remote end hung up" follows nearly everything).
 */
const table: readonly (readonly [RegExp, FailureKind])[] = [
  [
    /No user exists for uid|error in libcrypto|Bad owner or permissions on|Load key ".*": invalid format|are too open\./,
    'ssh-unusable',
  ],
  [/Permission denied \(|Too many authentication failures/, 'permission-denied'],
  [/Host key verification failed/, 'host-key'],
  [
    /no matching (host key type|key exchange method|cipher|MAC) found|RSA key with SHA-1, which is no longer allowed/,
    'algorithms',
  ],
  [/Bad configuration option/i, 'ssh-too-old'],
  [/unknown (option|switch) `/, 'git-too-old'],
  [/hash algorithm/, 'object-format'],
  [/bad line length character|not valid: is this a git repository/, 'not-git'],
  [/CONNECT tunnel failed, response 40[37]|HTTP code 40[37] from proxy|returned error: 407/, 'proxy'],
  [/certificate (problem|verification failed|subject name)|no alternative certificate|CAfile/, 'certificate'],
  [/No space left on device|Disk quota exceeded/, 'disk-full'],
  [
    /bad object|unable to read [0-9a-f]{40}|missing (blob|tree|commit|tag)|Could not read [0-9a-f]{40}/,
    'object-missing',
  ],
  [/requested URL returned error: 3\d\d/, 'redirected'],
  // Bitbucket's answer to an app password since 2026-07-28 (CHANGE-3222).
  [/requested URL returned error: 410/, 'password-removed'],
  [/requested URL returned error: (429|5\d\d)/, 'server-error'],
  [
    /detected dubious ownership|Authentication failed|requested URL returned error: 40[13]|could not read (Username|Password)/,
    'unauthorised',
  ],
  [
    /[Rr]epository .*not found|requested URL returned error: 404|does not appear to be a git repository/,
    'not-found',
  ],
  // Over SSH, messages of a host have no prefix.
  [hostNotFound, 'not-found'],
  [hostRefusal, 'unauthorised'],
  [/connect to (host|address) .* timed out|Failed to connect|Connection timed out after/, 'unreachable'],
  [/timed out|Operation too slow|Timeout, server .* not responding/i, 'timed-out'],
  [
    /Could not resolve (host|proxy)|Connection refused|No route to host|Network is unreachable/,
    'unreachable',
  ],
  [/Couldn't connect to server|not valid: could not (read|lock)/, 'unreachable'],
  [
    /Empty reply from server|transfer closed with|Connection (was )?reset|closed by remote host|Connection closed by|Broken pipe|SSL_ERROR_SYSCALL|non-properly terminated|Error in the pull function/,
    'dropped',
  ],
  [
    /hung up unexpectedly|early EOF|unexpected disconnect|send disconnect|RPC failed|Received disconnect/,
    'dropped',
  ],
  // The only message of git when ssh's shared connection breaks; ssh itself prints nothing.
  [/^fatal: Could not read from remote repository\.\s*$/m, 'dropped'],
];

/**
 * What a server can report about itself in git's protocol ("remote error"): nothing about this machine or the network.
 */
const remoteErrors: typeof table = [
  [/Rate Exceeded/i, 'server-error'],
  [/not our ref/, 'moved'],
  [hostNotFound, 'not-found'],
  [hostRefusal, 'unauthorised'],
];

/**
 * The kind of failure in this standard error. Lines that a server sends for display (`remote: …`) decide nothing:
 * otherwise a server could cause endless retries, or blame this machine. They are quoted in the message.
 */
export function parseFailure(stderr: string): FailureKind {
  const lines = stderr.split(/[\r\n]+/).filter((line) => !line.startsWith('remote: '));
  const isRemoteError = (line: string) => /^(fatal: )?remote error: /.test(line);
  return (
    find(remoteErrors, lines.filter(isRemoteError)) ??
    find(
      table,
      lines.filter((line) => !isRemoteError(line)),
    ) ??
    'unknown'
  );
}

function find(rows: typeof table, lines: readonly string[]): FailureKind | undefined {
  const text = lines.join('\n');
  return rows.find(([pattern]) => pattern.test(text))?.[1];
}

/** The error for a failed git command, if its meaning does not depend on the server. */
export function describeGitFailure(
  command: string,
  result: { exitCode: number; stderr: string },
): MirrorError {
  switch (parseFailure(result.stderr)) {
    case 'disk-full':
      return diskFull(result.stderr);
    case 'object-missing':
      return cloneBroken(result.stderr);
    case 'ssh-unusable':
    case 'ssh-too-old':
      return sshUnusable(result.stderr);
    case 'git-too-old':
      return gitTooOld(result.stderr);
    case 'object-format':
      return objectFormat();
    case 'not-git':
      return unreadableListing(result.stderr);
    case 'proxy':
      return proxyRefused(result.stderr);
    default:
      return gitFailed(command, result);
  }
}
