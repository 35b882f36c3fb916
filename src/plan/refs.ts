import { isSliceRef } from './ours';

/** Full ref name → object ID. */
export type RefMap = ReadonlyMap<string, string>;

/** Which refs a run is about. Everything else at the destination is none of its business. */
export type Selection =
  | { readonly refs: 'all'; readonly include: readonly string[]; readonly exclude: readonly string[] }
  | { readonly refs: 'current'; readonly ref: string };

/** The branches and tags of `refs` that the selection names. */
export function selectRefs(refs: RefMap, selection: Selection): RefMap {
  if (selection.refs === 'current') {
    const oid = refs.get(selection.ref);
    return new Map(oid === undefined ? [] : [[selection.ref, oid]]);
  }
  const isSelected = toPredicate(selection);
  for (const ref of refs.keys())
    if (!isSelected(ref)) return new Map([...refs].filter(([each]) => isSelected(each)));
  return refs;
}

/** Whether all branches and tags are selected. */
export function isEverything(selection: Selection): boolean {
  return selection.refs === 'all' && selection.include.length + selection.exclude.length === 0;
}

function toPredicate(selection: Exclude<Selection, { refs: 'current' }>): (ref: string) => boolean {
  const included = selection.include.length === 0 ? () => true : toMatcher(selection.include);
  const excluded = toMatcher(selection.exclude);
  return (ref) => isBranchOrTag(ref) && included(ref) && !excluded(ref);
}

export function isBranch(ref: string): boolean {
  return ref.startsWith('refs/heads/');
}

export function isTag(ref: string): boolean {
  return ref.startsWith('refs/tags/');
}

/** Tags that carry a big history to a destination are no part of any repository. */
function isBranchOrTag(ref: string): boolean {
  return isBranch(ref) || (isTag(ref) && !isSliceRef(ref));
}

/** The name a person uses: `main`, `v1.0`. */
export function toShortName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}

/**
 * Patterns as people write them for branches: `*` stands for any run of characters, slashes included, `?` for
 * one. A pattern that starts with `refs/` is held against the full ref name, any other against the short one.
 */
function toMatcher(patterns: readonly string[]): (ref: string) => boolean {
  return (ref) =>
    patterns.some((pattern) => matchesGlob(pattern, pattern.startsWith('refs/') ? ref : toShortName(ref)));
}

/** Linear in pattern × text: on a mismatch it goes back to the last `*` only, so no pattern is slow. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let t = 0; t < text.length; ) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (pattern[p] === '?' || pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(p));
}
