import { MirrorError } from '../errors';

export const pushTooLarge = (words: string | undefined) =>
  new MirrorError('push-too-large', {
    message: `The destination refuses a push of this size: ${words ?? 'it gave no reason'}`,
    remedy:
      'Push smaller slices, below the limit of the server or of the proxy in front of it. A single file above the ' +
      "limit can't be mirrored there.",
  });
