import { createHash } from 'node:crypto';
import type { HostKind } from '../hosts/host';

/** What a name is made of. */
export interface NameFields {
  /** The owner that the source is configured with, its groups joined by a dot. */
  readonly owner: string;
  /** The groups of the repository below that owner, joined by a dot; empty where there are none. */
  readonly group: string;
  /** The last part of its URL. */
  readonly name: string;
  /** `<group>.<name>`, or the name where there is no group. */
  readonly slug: string;
}

/** The hosts that a mirror can be made on. */
export type DestinationKind = Exclude<HostKind, 'git'>;

/**
 * The fields of a repository. `root` is the owner that the source is configured with: `acme/platform` makes
 * `acme/platform/web/app` the group `web`. Without a root (a list of addresses) the first part of the path is the owner.
 */
export function toNameFields(
  { owner, name }: { readonly owner: string; readonly name: string },
  root: string | undefined,
): NameFields {
  const parts = owner.split('/').filter((part) => part !== '');
  const rootParts = root?.split('/') ?? parts.slice(0, 1);
  const isBelow = rootParts.every((part, index) => toNameKey(part) === toNameKey(parts[index] ?? ''));
  const group = (isBelow ? parts.slice(rootParts.length) : parts).join('.');
  return { owner: rootParts.join('.'), group, name, slug: group === '' ? name : `${group}.${name}` };
}

/**
 * Fills `{owner}`, `{group}`, `{name}` and `{slug}` in. A field that is empty takes the separators behind it away, at
 * the end those before it: `{group}-{name}` is `app` where there is no group.
 */
export function fillTemplate(template: string, fields: NameFields): string {
  const filled = template.replaceAll(
    /\{(owner|group|name|slug)\}([._-]*)/g,
    (_whole, field: keyof NameFields, separators: string) =>
      fields[field] === '' ? emptyField : fields[field] + separators,
  );
  return filled.replace(new RegExp(`[._-]*${emptyField}$`), '').replaceAll(emptyField, '');
}

/** No name can have this character. */
const emptyField = '\0';

/** Hosts take upper and lower case as the same, or may do so: names that differ in nothing else collide. */
export function toNameKey(name: string): string {
  return name.toLowerCase();
}

interface NameRule {
  /** Characters. */
  readonly most: number;
  readonly pattern: RegExp;
  /** It completes "a name of …". */
  readonly form: string;
  readonly isLowerCase?: true;
}

/** Names of projects that are routes of GitLab (docs.gitlab.com, Reserved project and group names). */
const gitLabReserved =
  'badges|blame|blob|builds|commits|create|create_dir|edit|files|find_file|new|preview|raw|refs|tree|update|wikis';

const rules: Readonly<Record<DestinationKind, NameRule>> = {
  // CodeCommit API, CreateRepository: RepositoryName.
  codecommit: {
    most: 100,
    pattern: /^(?!\.{1,2}$)[\w.-]+(?<!\.git)$/i,
    form: 'CodeCommit has letters, digits and . _ - alone and does not end in .git',
  },
  // docs.github.com, Repository limits: Repository name.
  github: {
    most: 100,
    pattern: /^(?!\.{1,2}$)[\w.-]+(?<!\.git|\.wiki)$/i,
    form: 'GitHub has letters, digits and . _ - alone and does not end in .git or .wiki',
  },
  // docs.gitlab.com, Rules for project slugs; the database column has 255 characters.
  gitlab: {
    most: 255,
    pattern: new RegExp(`^(?!(?:${gitLabReserved})$)[a-z0-9]+(?:[._-][a-z0-9]+)*(?<!\\.git|\\.atom)$`, 'i'),
    form: 'GitLab begins and ends with a letter or digit, has no two of . _ - in a row, does not end in .git or .atom, and is no word of its own addresses',
  },
  // support.atlassian.com, What is a repository slug?
  bitbucket: {
    most: 62,
    pattern: /^(?!\.{1,2}$)(?!-)(?!.*--)[a-z0-9_.-]+(?<!-|\.git)$/,
    form: 'Bitbucket has lower-case letters, digits and . _ - alone, does not begin or end with - or end in .git, and has no two hyphens in a row',
    isLowerCase: true,
  },
  // The same page, for the slug; the API's limit for the name is 128 characters.
  'bitbucket-datacenter': {
    most: 128,
    pattern: /^[a-z0-9][a-z0-9_.-]*(?<!\.git)$/,
    form: 'Bitbucket Data Center begins with a letter or digit, has lower-case letters, digits and . _ - alone, and does not end in .git',
    isLowerCase: true,
  },
};

/** What is wrong with a name on this host, as a full clause; undefined when nothing is. */
export function findNameFault(kind: DestinationKind, name: string): string | undefined {
  const { most, pattern, form } = rules[kind];
  if (name.length > most) return `it has ${name.length} characters, and at most ${most} are allowed`;
  return pattern.test(name) ? undefined : `a name of ${form}`;
}

/** The name as this host writes it: Bitbucket's are in lower case. */
export function toHostName(kind: DestinationKind, name: string): string {
  return rules[kind].isLowerCase ? name.toLowerCase() : name;
}

/**
 * The name with the repository's own ending, eight hexadecimal digits of its identity, for names that collide or are too
 * long: cut so that the whole fits.
 */
export function toTaggedName(kind: DestinationKind, name: string, identity: string): string {
  const ending = createHash('sha256').update(identity).digest('hex').slice(0, 8);
  const stem = name.slice(0, rules[kind].most - ending.length - 1).replace(/[._-]+$/, '');
  return `${stem}-${ending}`;
}

export function isTooLong(kind: DestinationKind, name: string): boolean {
  return name.length > rules[kind].most;
}
