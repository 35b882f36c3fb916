import { MirrorError } from '../errors';

export const pushTooLarge = (words: string | undefined) =>
  new MirrorError('push-too-large', {
    message: `The destination refuses a push of this size: ${words ?? 'it gave no reason'}`,
    remedy:
      'Set PUSH_SIZE below the limit of the server, or of the proxy before it: the history then goes in slices. A ' +
      'single file above the limit can only stay behind (EXCLUDE its branches).',
  });

/** `what`: how much, and the first paths. */
export const lfsFound = (what: string) =>
  new MirrorError('lfs-found', {
    message: `The history to be sent names files that are kept in Git LFS: ${what}. LFS is "fail", so nothing was pushed.`,
    remedy:
      'LFS: warn mirrors without these files, LFS: push sends them too, where the destination takes them.',
  });
