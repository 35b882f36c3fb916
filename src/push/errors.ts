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
    message: `git was killed on this machine while it packed the objects to send: ${words ?? 'no reason given'}`,
    remedy:
      'Most likely this machine ran out of memory. Give it more, or make pushes smaller: slices of the history need less.',
  });
