/** The codes of all errors that a user can see. `docs/troubleshooting.md` has an entry for each. */
export const errorCodes = [
  'variables-invalid',
  'no-clone',
  'clone-broken',
  'source-unreachable',
  'source-unauthorised',
  'source-not-found',
  'source-empty',
  'source-moved',
  'nothing-selected',
  'key-missing',
  'key-public',
  'key-mangled',
  'key-passphrase',
  'key-not-rsa',
  'key-too-short',
  'key-id-unknown',
  'host-key-unknown',
  'host-key-contradicted',
  'permission-denied',
  'credentials-refused',
  'certificate-refused',
  'role-refused',
  'token-expired',
  'sts-failed',
  'destination-unreachable',
  'destination-not-found',
  'destination-failed',
  'connection-dropped',
  'algorithms-disjoint',
  'ssh-too-old',
  'ssh-unusable',
  'git-too-old',
  'object-format',
  'not-git',
  'proxy-refused',
  'timed-out',
  'time-limit',
  'output-too-long',
  'disk-full',
  'temporary-folder-refused',
  'socket-refused',
  'prune-limit',
  'push-too-large',
  'out-of-memory',
  'ref-declined',
  'ref-diverged',
  'default-branch-kept',
  'lease-broken',
  'limit-exceeded',
  'backup-failed',
  'lfs-found',
  'lfs-not-obtained',
  'lfs-not-sent',
  'not-equal',
  'report-unwritable',
  'output-unwritable',
  'working-folder-gone',
  'program-missing',
  'git-failed',
  'setup-invalid',
  'setup-no-terminal',
  'setup-declined',
  'setup-not-permitted',
  'setup-aws-credentials',
  'setup-aws-throttled',
  'setup-aws-unreachable',
  'setup-aws-failed',
  'setup-limit',
  'setup-changed',
  'setup-foreign',
  'setup-keys-full',
  'setup-key-refused',
  'setup-key-file',
  'setup-bitbucket-unauthorised',
  'setup-bitbucket-not-found',
  'setup-bitbucket-throttled',
  'setup-bitbucket-unreachable',
  'setup-bitbucket-failed',
  'setup-pipelines-file',
  'setup-unproven',
  'setup-not-removed',
  'fleet-destination-changed',
  'fleet-source-changed',
  'fleet-nothing-named',
  'fleet-port-refused',
  'fleet-configuration-invalid',
  'fleet-file-exists',
  'fleet-secret-unavailable',
  'fleet-state-locked',
  'fleet-state-damaged',
  'fleet-state-unwritable',
  'fleet-token-refused',
  'fleet-not-permitted',
  'fleet-owner-not-found',
  'fleet-host-throttled',
  'fleet-host-unreachable',
  'fleet-host-failed',
  'fleet-listing-shrunken',
  'fleet-listing-unstable',
  'fleet-name-taken',
  'fleet-name-refused',
  'fleet-quota',
  'fleet-not-private',
  'fleet-aws-settings',
  'fleet-aws-failed',
  'fleet-too-large',
  'stopped',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What happened, and what the user can do about it, each in full sentences and without secrets. */
export interface ErrorText {
  readonly message: string;
  /** Neutral: each program may have a remedy of its own for the code (`src/report/remedies.ts`). */
  readonly remedy: string;
}

/** Values that a program's own remedy needs, such as a port. */
export type Facts = Readonly<Record<string, string | number>>;

/**
 * An error with everything its reader needs. `exitCode` is the program's: 1 something was not mirrored,
 * 2 invalid configuration, 129, 130, 131, 143 stopped by SIGHUP, SIGINT, SIGQUIT, SIGTERM.
 */
export class MirrorError extends Error {
  override readonly name = 'MirrorError';
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly exitCode: number;
  readonly facts: Facts;

  constructor(
    code: ErrorCode,
    text: ErrorText,
    options: { exitCode?: number; cause?: unknown; facts?: Facts } = {},
  ) {
    super(text.message, { cause: options.cause });
    this.code = code;
    this.remedy = text.remedy;
    this.exitCode = options.exitCode ?? 1;
    this.facts = options.facts ?? {};
  }
}

/** Whether this is an error of ours with one of these codes. */
export function hasCode(error: unknown, codes: readonly ErrorCode[]): error is MirrorError {
  return error instanceof MirrorError && codes.includes(error.code);
}

/** Lines without information about a failure: advice, warnings of ssh, and progress. */
const idle =
  /^(hint:|\*\* |Please make sure|and the repository exists|(remote: )?\w+ (objects|deltas): |(remote: )?Total \d+ \(delta |Delta compression using)/;

/**
 * The output of a server or program, for one line of a log: the last lines with information, without control
 * characters, at most 400 characters.
 */
export function toQuote(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, '').trim())
    .filter((line) => line !== '' && !idle.test(line));
  return lines.slice(-3).join(' / ').slice(-400);
}

/** The message of an error of Node or of a library. */
export function toErrorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const allowAndRunAgain =
  'Ask an administrator for the permission and run the command again. It keeps everything that already exists.';

export const runAgain = 'Run the command again. It keeps everything that already exists.';

/** AWS or Bitbucket does not allow us to read or change something. */
export class PermissionMissing extends MirrorError {
  /** The permission as its service names it: `iam:GetUser`, `repository:admin`. */
  readonly permission: string;

  constructor(service: 'AWS' | 'Bitbucket', permission: string, said: string) {
    super('setup-not-permitted', {
      message: `${service} denied the request; the permission ${permission} is missing: ${toQuote(said) || 'no reason given'}`,
      remedy: allowAndRunAgain,
    });
    this.permission = permission;
  }
}
