import { MirrorError } from '../../errors';

export const destinationChanged = (name: string, because: string) =>
  new MirrorError('fleet-destination-changed', {
    message: `The repository "${name}" at the destination is not the one of the plan: ${because}. Nothing was pushed to it.`,
    remedy: 'Run again: the next plan says what to do about it.',
  });

export const sourceChanged = (path: string) =>
  new MirrorError('fleet-source-changed', {
    message: `The repository "${path}" at the source is no longer the one of the plan: it was deleted, moved or replaced. Nothing was pushed to its mirror.`,
    remedy: 'Run again: the next plan says what has become of it.',
  });

export const nothingNamed = (names: readonly string[], known: readonly string[]) =>
  new MirrorError(
    'fleet-nothing-named',
    {
      message: `No mirror and no repository is named ${names.map((name) => JSON.stringify(name)).join(' or ')}.`,
      remedy: `The mirrors of this file are ${known.join(', ')}. A repository is named by its owner/name at the source, or by its name at the destination; * and ** may stand for parts of it.`,
    },
    { exitCode: 2 },
  );
