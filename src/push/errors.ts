import { MirrorError } from '../errors';

export const pushTooLarge = (words: string | undefined) =>
  new MirrorError('push-too-large', {
    message: `The destination refuses a push of this size: ${words ?? 'it gave no reason'}`,
    remedy:
      'Push smaller slices, below the limit of the server or of the proxy in front of it. A single file above the ' +
      "limit can't be mirrored there.",
  });

export const outOfMemory = (words: string | undefined) =>
  new MirrorError('out-of-memory', {
    message: `git was ended on this machine while it packed what it was to send: ${words ?? 'it gave no reason'}`,
    remedy:
      'Most likely the memory of the step ran out. Give the step more (size: 2x), or set PUSH_SIZE lower: the history ' +
      'then goes in slices, which need less.',
  });
