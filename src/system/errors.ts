import { MirrorError, toErrorText, toQuote } from '../errors';
import type { Context } from './context';
import { isStopSignal, type StopSignal, toSignalExitCode } from './signals';

export const diskFull = (stderr: string) =>
  new MirrorError('disk-full', {
    message: `No space left on the disk: ${toQuote(stderr)}`,
    remedy:
      'The history is fetched into a temporary folder. Free some space, or set TMPDIR to a larger disk.',
  });

const setTmpdir = 'Set TMPDIR to a folder that exists and that this user can write to.';

export const temporaryFolderRefused = (folder: string, cause: unknown) =>
  new MirrorError('temporary-folder-refused', {
    message: `No temporary folder can be created in "${folder}": ${toQuote(toErrorText(cause))}`,
    remedy: setTmpdir,
  });

/** For the Unix socket over which git gets its login. */
export const socketRefused = (folders: readonly string[], cause: string) =>
  new MirrorError('socket-refused', {
    message: `No Unix socket can be created in ${folders.map((folder) => `"${folder}"`).join(' or ')}: ${toQuote(cause)}`,
    remedy: `git gets its login over a socket that only this user can reach. ${setTmpdir} Its path can have at most 60 characters.`,
  });

export const proxyRefused = (stderr: string) =>
  new MirrorError('proxy-refused', {
    message: `The proxy refuses the connection: ${toQuote(stderr)}`,
    remedy:
      '407: the proxy requires a login; put it into https_proxy as http://user:password@host:port. 403: the proxy must ' +
      'allow this host.',
  });

/**
 * `reason` is that of the abort signal: the name of a stop signal, TIMEOUT, or the failure of something that ran in
 * parallel.
 */
export function toStopError(reason: unknown): MirrorError {
  if (reason instanceof MirrorError) return reason;
  if (reason === 'TIMEOUT') return timeLimit();
  return stopped(isStopSignal(reason) ? reason : 'SIGTERM');
}

const wholeRefs = 'Every ref of the destination has its old or its new value.';

const stopped = (signal: StopSignal) =>
  new MirrorError(
    'stopped',
    {
      message: `Stopped by ${signal}. ${wholeRefs}`,
      remedy: 'Run again: the mirror continues where it stopped.',
    },
    { exitCode: toSignalExitCode(signal) },
  );

const timeLimit = () =>
  new MirrorError('time-limit', {
    message: `The run exceeded its time limit and was stopped. ${wholeRefs}`,
    remedy: 'Run again: the mirror continues where it stopped. Raise the time limit if it needs more.',
  });

const workingFolderGone = (cause: unknown) =>
  new MirrorError(
    'working-folder-gone',
    {
      message: 'The working folder no longer exists.',
      remedy: 'Change to a folder that exists, such as the clone (cd), and run again.',
    },
    { cause },
  );

/** Any other error gets a code too, and is never shown as a bare stack trace. */
export function toMirrorError(error: unknown): MirrorError {
  if (error instanceof MirrorError) return error;
  const message = toErrorText(error);
  if (/\buv_cwd\b/.test(message)) return workingFolderGone(error);
  const full = /ENOSPC|EDQUOT/.test(message);
  if (full) return diskFull(message);
  return new MirrorError(
    'internal',
    {
      message: `Unexpected error: ${toQuote(message)}`,
      remedy: 'Run again with DEBUG: true and report it with the log.',
    },
    { cause: error },
  );
}

/** The error to report for a run: if it was stopped, that. Logs the stack with DEBUG. */
export function toFailure(error: unknown, { log, signal }: Pick<Context, 'log' | 'signal'>): MirrorError {
  log.debug(error instanceof Error ? String(error.stack) : String(error));
  return signal.aborted ? toStopError(signal.reason) : toMirrorError(error);
}

export const lineTooLong = (characters: number) =>
  new MirrorError('output-too-long', {
    message: `git wrote a line of more than ${characters} characters.`,
    remedy: 'A server that lists such a ref, or a history with such a path, is broken. Nothing was changed.',
  });

export const programMissing = (program: string, cause: string) =>
  new MirrorError('program-missing', {
    message: `${program} can't be started: ${toQuote(cause)}`,
    remedy: `Install ${program}, and check that it is on the PATH.`,
  });

export const outputTooLong = (what: string, bytes: number) =>
  new MirrorError('output-too-long', {
    message: `${what} wrote more than ${bytes / 2 ** 20} MiB and was stopped.`,
    remedy: 'A server that sends so much is broken. Check the output of `git ls-remote` for it.',
  });

export const timedOut = (what: string) =>
  new MirrorError('timed-out', {
    message: `${what} sent nothing for too long and was stopped.`,
    remedy: 'Run again. If it fails again, check the status of both services and the network between them.',
  });
