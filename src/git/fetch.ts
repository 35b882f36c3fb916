import type { Refs } from './objects';

/**
 * Options of every fetch: only the refspecs of `toFetchInputs` are fetched. They are passed on standard input, because
 * arguments have a limit and the number of refs has none.
 */
export const fetchOptions = [
  'fetch',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  // Removes refs that an earlier pattern fetched: a branch `a` would block `a/b`.
  '--prune',
  '--progress',
  '--stdin',
] as const;

/** git compares each refspec with every ref of the other side, so more names than this are slow. */
const namesAtMost = 200;

/**
 * The refspecs, one per line, for each fetch that is needed to get the objects of these refs. By name, objects are
 * fetched without a local ref, and nothing else comes along. With `wantsAll` (every branch and tag is wanted), many
 * refs are fetched with a pattern instead.
 */
export function toFetchInputs(refs: Refs, wantsAll: boolean): readonly string[] {
  // Refs at the same commit are fetched once.
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
