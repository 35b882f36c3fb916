import { MirrorError } from '../errors';

/** `what`: how much, and the first paths. */
export const lfsFound = (what: string) =>
  new MirrorError('lfs-found', {
    message: `The history to be sent names files that are kept in Git LFS: ${what}. LFS is "fail", so nothing was pushed.`,
    remedy:
      'LFS: warn mirrors without these files, LFS: push sends them too, where the destination takes them.',
  });

export const lfsNotSent = (url: string, words: string) =>
  new MirrorError('lfs-not-sent', {
    message: `${url} does not take objects of Git LFS: ${words || 'it said nothing'}. No ref was pushed.`,
    remedy:
      'The files have to stay where they are, or the destination needs LFS over SSH (git-lfs-authenticate or ' +
      'git-lfs-transfer). LFS: warn mirrors without these files and says what is not there.',
  });

export const lfsNotObtained = (url: string, words: string) =>
  new MirrorError('lfs-not-obtained', {
    message: `The source ${url} does not give the objects of Git LFS that the history names: ${words}. Nothing was pushed.`,
    remedy:
      'See that `git lfs fetch --all` works for the source. In Pipelines, give SOURCE_URL as https:// with an access ' +
      'token if its proxy does not serve LFS. LFS: warn mirrors without these files.',
  });
