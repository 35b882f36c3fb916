/**
 * How we fetch: exactly the refs that are named, into no ref of ours. Refspecs go by standard input: a command line
 * has a limit, a repository's number of refs has none.
 */
export const fetchOptions = [
  'fetch',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-recurse-submodules',
  '--progress',
  '--stdin',
] as const;
