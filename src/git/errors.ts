import { MirrorError, toQuote } from '../errors';

export const programMissing = (program: string, cause: string) =>
  new MirrorError('program-missing', {
    message: `${program} can't be started: ${toQuote(cause)}`,
    remedy: `Install ${program} and see that it is on the PATH.`,
  });

export const gitFailed = (command: string, result: { exitCode: number; stderr: string }) =>
  new MirrorError('git-failed', {
    message: `git ${command} ended with exit code ${result.exitCode} and said: ${toQuote(result.stderr) || 'nothing'}`,
    remedy: 'This is not a failure that we know. Run again with DEBUG: true and report it with the log.',
  });

export const unreadableListing = (line: string) =>
  new MirrorError('git-failed', {
    message: `A line of the ref listing can't be read: "${toQuote(line).slice(0, 80)}"`,
    remedy: 'The server answered something other than git refs; nothing was changed. Check the URL.',
  });

export const tooManyRefs = (most: number) =>
  new MirrorError('output-too-long', {
    message: `The server lists more than ${most} refs; nothing was changed.`,
    remedy: 'Mirror a repository with fewer branches and tags, or delete what nobody needs there.',
  });

export const outputTooLong = (what: string, bytes: number) =>
  new MirrorError('output-too-long', {
    message: `${what} wrote more than ${bytes / 2 ** 20} MiB and was ended.`,
    remedy: 'A server that lists or says so much is broken. Look what `git ls-remote` gets from it.',
  });

export const lineTooLong = (characters: number) =>
  new MirrorError('output-too-long', {
    message: `git wrote a line of more than ${characters} characters.`,
    remedy: 'A server that lists such a ref, or a history with such a path, is broken; nothing was changed.',
  });

export const cloneBroken = (stderr: string) =>
  new MirrorError('clone-broken', {
    message: `Objects are missing that should be there: ${toQuote(stderr)}`,
    remedy:
      'Run again. If it happens again, look into the source with `git fsck`: the history that it serves is not whole.',
  });
