import { toGlobTest } from './glob';
import { isSliceRef } from './ownRefs';

/** Full ref name → object ID. */
export type RefMap = ReadonlyMap<string, string>;

/** The refs that a run mirrors. All other refs of the destination are ignored. */
export type Selection =
  | { readonly refs: 'all'; readonly include: readonly string[]; readonly exclude: readonly string[] }
  | { readonly refs: 'current'; readonly ref: string };

/** The selected branches and tags of `refs`. */
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

/** Slice tags are not part of a repository. */
function isBranchOrTag(ref: string): boolean {
  return isBranch(ref) || (isTag(ref) && !isSliceRef(ref));
}

/** The short name: `main`, `v1.0`. */
export function toShortName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}

/** A pattern that starts with `refs/` is matched against the full ref name, any other against the short one. */
function toMatcher(patterns: readonly string[]): (ref: string) => boolean {
  const tests = patterns.map((pattern) => {
    const matches = toGlobTest(pattern);
    return (ref: string) => matches(pattern.startsWith('refs/') ? ref : toShortName(ref));
  });
  return (ref) => tests.some((matches) => matches(ref));
}
