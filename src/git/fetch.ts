import type { Refs } from './objects';

/**
 * How we fetch: what the refspecs of `toFetchInputs` bring, and nothing else. They go by standard input: a command line
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

/** git compares each refspec with every ref of the other side: more names than these take it long. */
const namesAtMost = 200;

/**
 * The refspecs, one a line, of the fetches that bring what these refs point at, into no ref of ours. With `wantsAll`
 * (every branch and tag is wanted) many refs are fetched by a pattern; else by name, so that nothing else comes along.
 */
export function toFetchInputs(refs: Refs, wantsAll: boolean): readonly string[] {
  // Tags and branches at one commit need it once.
  const names = [...new Map(Array.from(refs, ([ref, oid]) => [oid, ref])).values()];
  if (wantsAll && names.length > namesAtMost) {
    const folders = new Set(names.map((name) => name.split('/')[1]));
    return [toLines(Array.from(folders, (folder) => `+refs/${folder}/*:refs/fetched/${folder}/*`))];
  }
  const count = Math.ceil(names.length / namesAtMost);
  return Array.from({ length: count }, (_, index) =>
    toLines(names.slice(index * namesAtMost, (index + 1) * namesAtMost)),
  );
}

function toLines(refspecs: readonly string[]): string {
  return refspecs.map((refspec) => `${refspec}\n`).join('');
}
