import { MirrorError } from '../errors';
import type { Refusal } from '../plan/plan';

/** The error for a plan that must not be carried out. */
export function toRefusalError(refusal: Refusal, url: string, limit: number): MirrorError {
  switch (refusal.because) {
    case 'source-empty':
      return sourceEmpty(url);
    case 'nothing-selected':
      return nothingSelected();
    case 'prune-limit':
      return pruneLimit(refusal.deletions, limit);
  }
}

const sourceEmpty = (url: string) =>
  new MirrorError('source-empty', {
    message: `The source ${url} has no branches and no tags. An empty repository is not mirrored, and nothing is pruned.`,
    remedy:
      'Push to the source first, and check its URL. If the source was emptied by mistake, the destination still has ' +
      'everything.',
  });

const nothingSelected = () =>
  new MirrorError('nothing-selected', {
    message: 'No branch or tag of the source is selected by the patterns. Nothing was changed.',
    remedy:
      'Check the patterns: "release/*" matches branches and tags of that name, "refs/tags/v*" only tags.',
  });

const pruneLimit = (deletions: readonly string[], limit: number) =>
  new MirrorError('prune-limit', {
    message: `${deletions.length} refs would be deleted, more than the limit of ${limit}. Nothing was pushed. They are: ${toList(deletions)}`,
    remedy: 'If these deletions are intended, raise the limit for one run.',
  });

function toList(refs: readonly string[]): string {
  const rest = refs.length - 20;
  return refs.slice(0, 20).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

export const leaseBroken = (refs: readonly string[]) =>
  new MirrorError('lease-broken', {
    message: `${toList(refs)} changed at the destination during the push.`,
    remedy:
      'A mirror has one writer: find out who else pushes there. A second run of the mirror does no harm.',
  });

export const noClone = (folder: string) =>
  new MirrorError('no-clone', {
    message: `"${folder}" is not a git clone, and no source is given.`,
    remedy: 'Run in a git clone, or give the URL of the source.',
  });

export const refMissing = (ref: string) =>
  new MirrorError(
    'nothing-selected',
    {
      message: `The source has no ${ref}. Nothing was changed.`,
      remedy: 'Push the branch to the source first, or mirror another one.',
    },
    { facts: { ref } },
  );
