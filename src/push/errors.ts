import { MirrorError } from '../errors';

/** `what`: how much, and the first paths. */
export const lfsFound = (what: string) =>
  new MirrorError('lfs-found', {
    message: `The history to be sent names files that are kept in Git LFS: ${what}. LFS is "fail", so nothing was pushed.`,
    remedy:
      'LFS: warn mirrors without these files, LFS: push sends them too, where the destination takes them.',
  });
