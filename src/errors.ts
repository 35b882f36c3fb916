import type { Refusal } from './plan/plan';
import { isStopSignal, type StopSignal, toSignalExitCode } from './system/signals';

/** What a user can meet when a mirror, or setting one up, fails. `docs/troubleshooting.md` has an entry for each code. */
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
  'fleet-token-refused',
  'fleet-not-permitted',
  'fleet-owner-not-found',
  'fleet-host-throttled',
  'fleet-host-unreachable',
  'fleet-host-failed',
  'fleet-listing-unstable',
  'fleet-name-taken',
  'fleet-name-refused',
  'fleet-quota',
  'fleet-not-private',
  'stopped',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What happened, and what the user can do about it, each in full sentences and without secrets. */
export interface ErrorText {
  readonly message: string;
  readonly remedy: string;
}

/**
 * An error with everything its reader needs. `exitCode` is the program's: 1 something was not mirrored,
 * 2 the variables are at fault, 129, 130, 131, 143 stopped by SIGHUP, SIGINT, SIGQUIT, SIGTERM.
 */
export class MirrorError extends Error {
  override readonly name = 'MirrorError';
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly exitCode: number;

  constructor(code: ErrorCode, text: ErrorText, options: { exitCode?: number; cause?: unknown } = {}) {
    super(text.message, { cause: options.cause });
    this.code = code;
    this.remedy = text.remedy;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** Whether this is an error of ours with one of these codes. */
export function hasCode(error: unknown, codes: readonly ErrorCode[]): error is MirrorError {
  return error instanceof MirrorError && codes.includes(error.code);
}

/**
 * What a server or a program wrote, fit for one line of a log: the last lines that say something, without
 * control characters, at most 400 characters.
 */
export function toQuote(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, '').trim())
    .filter((line) => line !== '' && !/^(hint:|Please make sure|and the repository exists)/.test(line));
  return lines.slice(-3).join(' / ').slice(-400);
}

export const diskFull = (stderr: string) =>
  new MirrorError('disk-full', {
    message: `There is no space left on the disk: ${toQuote(stderr)}`,
    remedy: 'The history is fetched into a temporary folder. Free space, or set TMPDIR to a larger disk.',
  });

const setTmpdir = 'Set TMPDIR to a folder that exists and that this user can write to.';

export const temporaryFolderRefused = (folder: string, cause: unknown) =>
  new MirrorError('temporary-folder-refused', {
    message: `No temporary folder can be made in "${folder}": ${toQuote(toErrorText(cause))}`,
    remedy: setTmpdir,
  });

/** The Unix socket over which git asks for its login. */
export const socketRefused = (folders: readonly string[], cause: string) =>
  new MirrorError('socket-refused', {
    message: `No Unix socket can be made in ${folders.map((folder) => `"${folder}"`).join(' or ')}: ${toQuote(cause)}`,
    remedy: `git gets its login over a socket that only this user can reach. ${setTmpdir} Its path may have 60 characters at most.`,
  });

/** What an error of Node or of a library says. */
export function toErrorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const timedOut = (what: string) =>
  new MirrorError('timed-out', {
    message: `${what} was silent for too long and was ended.`,
    remedy:
      'Run again. If it happens again, look at the status of the two services and at the network between.',
  });

/**
 * `reason` is what the abort signal carries: the signal that stopped us, TIMEOUT, which the run has met, or the failure
 * of what was done at the same time.
 */
export function toStopError(reason: unknown): MirrorError {
  if (reason instanceof MirrorError) return reason;
  if (reason === 'TIMEOUT') return timeLimit();
  return stopped(isStopSignal(reason) ? reason : 'SIGTERM');
}

const wholeRefs = 'Every ref of the destination is at its old or its new value.';

const stopped = (signal: StopSignal) =>
  new MirrorError(
    'stopped',
    {
      message: `Stopped by ${signal}. ${wholeRefs}`,
      remedy: 'Run again: the mirror goes on where it stopped.',
    },
    { exitCode: toSignalExitCode(signal) },
  );

const timeLimit = () =>
  new MirrorError('time-limit', {
    message: `The run took longer than TIMEOUT and was ended. ${wholeRefs}`,
    remedy:
      'Run again: the mirror goes on where it stopped. Raise TIMEOUT (minutes) if the step has the time.',
  });

/** The error for a plan that must not be carried out. */
export function toRefusalError(refusal: Refusal, url: string, limit: number): MirrorError {
  switch (refusal.because) {
    case 'source-empty':
      return sourceEmpty(url);
    case 'nothing-selected':
      return nothingSelected();
    case 'prune-limit':
      return pruneLimit(refusal.deletions, limit);
  }
}

const sourceEmpty = (url: string) =>
  new MirrorError('source-empty', {
    message: `The source ${url} has no branch and no tag. An empty repository is not mirrored, and nothing is pruned.`,
    remedy:
      'Push to the source first, and check SOURCE_URL if it is set: a page that asks for a login looks the same to git. If the source was emptied by mistake, the ' +
      'destination still has everything.',
  });

const nothingSelected = () =>
  new MirrorError('nothing-selected', {
    message: 'No branch or tag of the source matches INCLUDE and EXCLUDE. Nothing was changed.',
    remedy:
      'Check the patterns: "release/*" matches branches and tags of that name, "refs/tags/v*" tags alone.',
  });

const pruneLimit = (deletions: readonly string[], limit: number) =>
  new MirrorError('prune-limit', {
    message: `${deletions.length} refs would be deleted, more than PRUNE_LIMIT (${limit}). Nothing was pushed. They are: ${toList(deletions)}`,
    remedy: 'If these deletions are meant, raise PRUNE_LIMIT for one run.',
  });

function toList(refs: readonly string[]): string {
  const rest = refs.length - 20;
  return refs.slice(0, 20).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

export const connectionDropped = (url: string, stderr: string) =>
  new MirrorError('connection-dropped', {
    message: `The connection to ${url} was dropped: ${toQuote(stderr)}`,
    remedy: 'Every ref is at its old or its new value. Run again: the mirror goes on where it stopped.',
  });

export const leaseBroken = (refs: readonly string[]) =>
  new MirrorError('lease-broken', {
    message: `Somebody else changed, or is just changing, ${toList(refs)} at the destination.`,
    remedy:
      'A mirror has one writer: find out who else pushes there. A second run of this pipe does no harm.',
  });

export const reportUnwritable = (file: string, cause: unknown) =>
  new MirrorError(
    'report-unwritable',
    {
      message: `The report can't be written to "${file}": ${toErrorText(cause)}`,
      remedy: 'Give REPORT_FILE a path in a folder that exists and that this run can write to.',
    },
    { cause },
  );

const workingFolderGone = (cause: unknown) =>
  new MirrorError(
    'working-folder-gone',
    {
      message: 'The folder that this was started in no longer exists.',
      remedy: 'Change to a folder that exists, such as the clone (cd), and run again.',
    },
    { cause },
  );

/** Anything that we did not foresee: still an error with a code, and never a bare stack trace. */
export function toMirrorError(error: unknown): MirrorError {
  if (error instanceof MirrorError) return error;
  const message = toErrorText(error);
  if (/\buv_cwd\b/.test(message)) return workingFolderGone(error);
  const full = /ENOSPC|EDQUOT/.test(message);
  if (full) return diskFull(message);
  return new MirrorError(
    'internal',
    {
      message: `Something failed that we did not foresee: ${toQuote(message)}`,
      remedy: 'Run again with DEBUG: true and report it with the log.',
    },
    { cause: error },
  );
}
