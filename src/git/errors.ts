import { MirrorError, toQuote } from '../errors';

export const gitFailed = (command: string, result: { exitCode: number; stderr: string }) =>
  new MirrorError('git-failed', {
    message: `git ${command} ended with exit code ${result.exitCode} and said: ${toQuote(result.stderr) || 'nothing'}`,
    remedy: 'This is not a failure that we know. Run again with DEBUG: true and report it with the log.',
  });

/** What came in place of a ref. */
export const unreadableListing = (text: string) =>
  new MirrorError('not-git', {
    message: `Something other than a git server answered; it can't be read as a list of refs: "${toQuote(text).slice(0, 80)}"`,
    remedy:
      'Nothing was changed. Look at what `git ls-remote <URL>` gets: a login shell that prints a greeting before git ' +
      'speaks, a proxy, or a page that asks for a login.',
  });

export const objectFormat = () =>
  new MirrorError('object-format', {
    message: 'One of the two repositories has SHA-256 object IDs, which the other does not take.',
    remedy: 'CodeCommit takes repositories with SHA-1 object IDs only: git init --object-format=sha1.',
  });

/** `rev-list --filter=object:type=blob`, which finds pointers of Git LFS, came with git 2.32. */
const oldestGit = '2.32';

export const gitTooOld = (stderr: string) =>
  new MirrorError('git-too-old', {
    message: `This git does not know an option that is needed: ${toQuote(stderr)}`,
    remedy: `git ${oldestGit} or newer is needed (git --version). The image of the pipe has it.`,
  });

export const sshUnusable = (stderr: string) =>
  new MirrorError('ssh-unusable', {
    message: `ssh can't be used on this machine: ${toQuote(stderr)}`,
    remedy:
      'ssh itself said so, before it spoke to the server. "No user exists": run as a user of /etc/passwd, or mirror ' +
      'over HTTPS (codecommit::<region>://<name>), which needs none. Otherwise the file or option that it names.',
  });

export const tooManyRefs = (most: number) =>
  new MirrorError('output-too-long', {
    message: `The server lists more than ${most} refs; nothing was changed.`,
    remedy: 'Mirror a repository with fewer branches and tags, or delete what nobody needs there.',
  });

export const cloneBroken = (stderr: string) =>
  new MirrorError('clone-broken', {
    message: `Objects are missing that should be there: ${toQuote(stderr)}`,
    remedy:
      'Run again. If it happens again, the source serves a history that is not whole. If it is a shallow clone itself ' +
      '(git rev-parse --is-shallow-repository), run `git fetch --unshallow` there; otherwise `git fsck`.',
  });
