/**
 * Whether a text matches a pattern with `*` for any characters and `?` for one, including slashes, as in a known_hosts
 * file (ssh_config(5), "PATTERNS").
 */
export function matchesWildcards(pattern: string, text: string): boolean {
  return matchesRun([...pattern], [...text], '*', (wanted, given) => wanted === '?' || wanted === given);
}

/**
 * Creates a test for a pattern with the meaning that it has in bitbucket-pipelines.yml: `*` for any characters except a
 * slash, `**` between slashes for any number of folders, `?` for one character, `{a,b}` for either
 * (https://support.atlassian.com/bitbucket-cloud/docs/use-glob-patterns-on-the-pipelines-yaml-file/). Unlike a
 * backtracking matcher, it is fast for all patterns and names.
 */
export function toGlobTest(pattern: string): (name: string) => boolean {
  // A trailing `**` matches everything below, but not the folder itself, as in gitignore(5).
  const alternatives = expandBraces(pattern).map((each) => each.replace(/(^|\/)\*\*$/, '$1**/*').split('/'));
  return (name) => {
    const folders = name.split('/');
    return alternatives.some((parts) => matchesRun(parts, folders, '**', matchesWildcards));
  };
}

/** `a{b,c}` → `ab`, `ac`. Braces without a comma, and unmatched ones, are literal. */
function expandBraces(pattern: string): readonly string[] {
  const [whole, before, inner, after] = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  return (inner ?? '').split(',').flatMap((each) => expandBraces(`${before}${each}${after}`));
}

/** `any` in the pattern matches any number of items. Linear: after a mismatch it goes back only to the last `any`. */
function matchesRun(
  pattern: readonly string[],
  items: readonly string[],
  any: string,
  fits: (wanted: string, given: string) => boolean,
): boolean {
  let p = 0;
  let last = -1;
  let resume = 0;
  for (let i = 0; i < items.length; ) {
    const wanted = pattern[p];
    if (wanted === any) {
      last = p++;
      resume = i;
    } else if (wanted !== undefined && fits(wanted, items[i] ?? '')) {
      p++;
      i++;
    } else if (last >= 0) {
      p = last + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every((rest) => rest === any);
}
