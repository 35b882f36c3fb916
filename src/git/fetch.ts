import type { Refs } from './objects';

/**
 * How we fetch: what the refspecs of `toFetchInput` bring, and nothing else. They go by standard input: a command line
 * has a limit, a repository's number of refs has none.
 */
export const fetchOptions = [
  'fetch',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  // Of what a pattern brought before: a branch `a` would be in the way of `a/b`.
  '--prune',
  '--progress',
  '--stdin',
] as const;

/** More names than these cost git more than the few refs that a pattern brings besides. */
const namesAtMost = 200;

/**
 * The refspecs for what these refs point at, one a line: into no ref of ours; or, as git compares each refspec with
 * every ref of the other side and thousands of names would take it minutes, by a pattern for all branches or tags at
 * once.
 */
export function toFetchInput(refs: Refs): string {
  const folders = new Set<string>();
  // Tags and branches at one commit need it once.
  const names = new Map<string, string>();
  for (const [ref, oid] of refs) {
    folders.add(ref.split('/')[1] ?? '');
    if (names.size <= namesAtMost) names.set(oid, ref);
  }
  const refspecs =
    names.size <= namesAtMost
      ? [...names.values()]
      : Array.from(folders, (folder) => `+refs/${folder}/*:refs/fetched/${folder}/*`);
  return refspecs.map((refspec) => `${refspec}\n`).join('');
}
