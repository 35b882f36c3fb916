import { MirrorError } from '../errors';

/** `what`: how much, and the first paths. */
export const lfsFound = (what: string) =>
  new MirrorError('lfs-found', {
    message: `The history to push contains files in Git LFS: ${what}. Nothing was pushed, as configured.`,
    remedy: 'Mirror without these files, or send them too if the destination accepts them.',
  });

export const lfsNotSent = (url: string, words: string) =>
  new MirrorError('lfs-not-sent', {
    message: `${url} does not accept Git LFS objects: ${words || 'it gave no reason'}. No ref was pushed.`,
    remedy:
      'Mirror without these files, or use a destination with LFS over SSH (git-lfs-authenticate or git-lfs-transfer).',
  });

export const lfsNotObtained = (url: string, words: string) =>
  new MirrorError('lfs-not-obtained', {
    message: `The source ${url} does not provide the Git LFS objects of the history: ${words}. Nothing was pushed.`,
    remedy: 'Check that `git lfs fetch --all` works for the source, or mirror without these files.',
  });
