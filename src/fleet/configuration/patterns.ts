import { toGlobTest } from '../../plan/glob';

/** Which repositories of a source are mirrored, by name. */
export interface NameRules {
  readonly match?: string | undefined;
  readonly exclude: readonly string[];
}

/** What a rule is held against: the owner with all its groups, and the name. */
export interface NamedRepository {
  readonly owner: string;
  readonly name: string;
}

/** Why a repository is left out: no `match`, or the pattern of `exclude` that it matches. */
export type LeftOut =
  | { readonly rule: 'match'; readonly pattern: string }
  | { readonly rule: 'exclude'; readonly pattern: string };

/** `owner/name`, as people and messages write a repository. */
export function toPath({ owner, name }: NamedRepository): string {
  return owner === '' ? name : `${owner}/${name}`;
}

/**
 * Makes the test of a source. A rule without a slash is held against the name, a rule with one against `owner/name`,
 * as .gitignore does it. Upper and lower case differ.
 */
export function toNameFilter({ match, exclude }: NameRules): (each: NamedRepository) => LeftOut | undefined {
  const matches = match === undefined ? () => true : toTest(match, toRegExp(match));
  const exclusions = exclude.map((pattern) => ({ pattern, matches: toExclusion(pattern) }));
  return (each) => {
    if (match !== undefined && !matches(each)) return { rule: 'match', pattern: match };
    const found = exclusions.find((exclusion) => exclusion.matches(each));
    return found && { rule: 'exclude', pattern: found.pattern };
  };
}

/** `/…/` is a regular expression, as in .gitlab-ci.yml; everything else a pattern as for refs. */
function toExclusion(pattern: string): (each: NamedRepository) => boolean {
  const expression = parseDelimited(pattern);
  if (expression !== undefined) return toTest(expression, toRegExp(expression));
  return toTest(pattern, { test: toGlobTest(pattern) });
}

function toTest(rule: string, { test }: { test(text: string): boolean }) {
  const isOnPath = rule.includes('/');
  return (each: NamedRepository) => test(isOnPath ? toPath(each) : each.name);
}

/** The regular expression between the slashes; undefined for a pattern. */
export function parseDelimited(pattern: string): string | undefined {
  return /^\/(.+)\/$/s.exec(pattern)?.[1];
}

function toRegExp(source: string): { test(text: string): boolean } {
  const expression = new RegExp(source);
  return { test: (text) => expression.test(text) };
}

/** What is wrong with a regular expression, in the words of the engine; undefined when it is fine. */
export function findRegExpFault(source: string): string | undefined {
  try {
    new RegExp(source);
    return undefined;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return /: ([^:]*)$/.exec(text)?.[1] ?? text;
  }
}
