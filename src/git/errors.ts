import { MirrorError, toQuote } from '../errors';

export const gitFailed = (command: string, result: { exitCode: number; stderr: string }) =>
  new MirrorError('git-failed', {
    message: `git ${command} ended with exit code ${result.exitCode}: ${toQuote(result.stderr) || 'no output'}`,
    remedy:
      'Unrecognised git error. Run again; if it fails again, run with debug logging and report it with the log.',
  });

/** `text` is what the server sent instead of a list of refs. */
export const unreadableListing = (text: string) =>
  new MirrorError('not-git', {
    message: `Something other than a git server answered; expected a list of refs, got: "${toQuote(text).slice(0, 80)}"`,
    remedy:
      'Nothing was changed. Check the output of `git ls-remote <URL>`: a login shell that prints a greeting before git ' +
      'starts, a proxy, or a page that asks for a login.',
  });

export const noGitServer = (url: string) =>
  new MirrorError('not-git', {
    message: `Something other than a git server answered at ${url}: a web page, or nothing at all.`,
    remedy:
      'Nothing was changed. Open the URL in a browser from this network: a page that asks for a login (a captive ' +
      'portal), or a proxy, answers in place of the server.',
  });

export const objectFormat = () =>
  new MirrorError('object-format', {
    message: 'One of the two repositories has SHA-256 object IDs, which the other does not accept.',
    remedy: 'Both repositories need the same object format: git init --object-format=sha1.',
  });

/** `rev-list --filter=object:type=blob`, which finds Git LFS pointers, requires git 2.32. */
export const oldestGit = '2.32';

export const gitTooOld = (stderr: string) =>
  new MirrorError(
    'git-too-old',
    {
      message: `This git does not support a required option: ${toQuote(stderr)}`,
      remedy: `git ${oldestGit} or newer is required (git --version).`,
    },
    { facts: { oldest: oldestGit } },
  );

export const sshUnusable = (stderr: string) =>
  new MirrorError('ssh-unusable', {
    message: `ssh can't be used on this machine: ${toQuote(stderr)}`,
    remedy:
      'ssh failed before it contacted the server. "No user exists": run as a user in /etc/passwd, or mirror over ' +
      'HTTPS, which does not need one. Otherwise check the file or option that it names.',
  });

export const tooManyRefs = (most: number) =>
  new MirrorError('output-too-long', {
    message: `The server lists more than ${most} refs. Nothing was changed.`,
    remedy: 'Mirror a repository with fewer branches and tags, or delete those that are no longer needed.',
  });

export const cloneBroken = (stderr: string) =>
  new MirrorError('clone-broken', {
    message: `Objects are missing that should be present: ${toQuote(stderr)}`,
    remedy:
      'Run again. If it fails again, the history of the source is incomplete. If the source is a shallow clone ' +
      '(git rev-parse --is-shallow-repository), run `git fetch --unshallow` there; otherwise run `git fsck`.',
  });

export const outOfMemory = (words: string | undefined) =>
  new MirrorError('out-of-memory', {
    message: `git was killed on this machine while it packed the objects to send: ${words ?? 'no reason given'}`,
    remedy:
      'Most likely this machine ran out of memory. Give it more, or make pushes smaller: slices of the history need less.',
  });
