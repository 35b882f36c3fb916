import { unreadableListing } from '../errors';
import { isRefName } from './refName';

/** What a server says it has. */
export interface RefListing {
  /** Branches and tags: full ref name → object ID; an annotated tag's is the tag object's own. */
  readonly refs: ReadonlyMap<string, string>;
  /** The default branch: the full name of the branch that HEAD points at, where the server tells. */
  readonly head: string | undefined;
}

/**
 * Reads `git ls-remote --symref`. Refs other than branches and tags, and peeled tags (`^{}`), are left out.
 * Throws MirrorError `git-failed` for a line that is no ref as git would take it: half a list is no list.
 */
export function parseLsRemote(text: string): RefListing {
  const lines = text.split('\n').filter((line) => line !== '');
  const refs = new Map<string, string>();
  for (const line of lines.filter((one) => !one.startsWith('ref: '))) {
    const [, oid, ref] = /^([0-9a-f]{40})\t(.+?)(?:\^\{\})?$/s.exec(line) ?? [];
    if (oid === undefined || ref === undefined || !(ref === 'HEAD' || isRefName(ref)))
      throw unreadableListing(line);
    if (/^refs\/(heads|tags)\//.test(ref) && !line.endsWith('^{}')) refs.set(ref, oid);
  }
  const symrefs = lines.flatMap((line) => /^ref: (refs\/heads\/[^\t]+)\tHEAD$/.exec(line)?.[1] ?? []);
  return { refs, head: symrefs[0] };
}
