import { MirrorError } from '../../errors';

export const destinationChanged = (name: string, because: string) =>
  new MirrorError('fleet-destination-changed', {
    message: `The repository "${name}" at the destination is not the planned one: ${because}. Nothing was pushed to it.`,
    remedy: 'Run again: the next plan shows what to do.',
  });

export const sourceChanged = (path: string) =>
  new MirrorError('fleet-source-changed', {
    message: `The repository "${path}" at the source is no longer the planned one: it was deleted, moved or replaced. Nothing was pushed to its mirror.`,
    remedy: 'Run again: the next plan shows what happened to it.',
  });

/** `before` and `now` are the repositories of the last whole listing, and of this one. */
export const listingShrunken = (before: number, now: number) =>
  new MirrorError('fleet-listing-shrunken', {
    message: `The source lists ${now} ${now === 1 ? 'repository' : 'repositories'}; the last whole listing had ${before}. Perhaps the token may no longer see the others: none of them is mirrored, and none is taken for deleted.`,
    remedy:
      'Check the rights of the token (single sign-on, groups, projects). If the others were deleted or moved on purpose, accept the listing: "Accept the listing" on the status page, or fleet mirror --accept-listing.',
  });

export const nothingNamed = (names: readonly string[], known: readonly string[]) =>
  new MirrorError(
    'fleet-nothing-named',
    {
      message: `No mirror and no repository is named ${names.map((name) => JSON.stringify(name)).join(' or ')}.`,
      remedy: `The mirrors of this file are ${known.join(', ')}. Name a repository by its owner/name at the source, or by its name at the destination. You can use * and **.`,
    },
    { exitCode: 2 },
  );
