import { MirrorError } from '../errors';

export const pushTooLarge = (words: string | undefined) =>
  new MirrorError('push-too-large', {
    message: `The destination refuses a push of this size: ${words ?? 'it gave no reason'}`,
    remedy:
      'Set PUSH_SIZE below the limit of the server, or of the proxy before it: the history then goes in slices. A ' +
      'single file above the limit can only stay behind (EXCLUDE its branches).',
  });
