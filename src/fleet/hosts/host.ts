import type { AwsKeys } from '../../aws/identity';
import { cutEndSlashes } from '../../http/endSlashes';
import type { HostRepository } from './repository';
import type { Hooks } from './webhooks/hooks';

/** The kinds of git host that a fleet reads from or writes to, as `host` of mirrors.yaml names them. */
export type HostKind = 'github' | 'gitlab' | 'bitbucket' | 'bitbucket-datacenter' | 'codecommit' | 'git';

/** What a missing destination repository is made with. It is private, always. */
export interface NewRepository {
  /** As its host's naming allows; without its owner. */
  readonly name: string;
  /** One line, no longer than the host allows. */
  readonly description: string;
  /** Tags of AWS; the other hosts have none and ignore them. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** How git proves itself at this host. */
export type GitLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Sent as `Authorization: Bearer …`: project and repository tokens of Bitbucket Data Center work in no other way. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** AWS signature, made afresh for each connection with the keys that `readKeys` gives at that moment. */
  | { readonly kind: 'aws'; readonly region: string; readonly readKeys: () => Promise<AwsKeys> };

/** What bounds the number of repositories that one owner may have. */
export interface RepositoryQuota {
  /** Undefined where the host does not say it to this login. */
  readAllowed(): Promise<number | undefined>;
  /** Why it may not say it, as a clause that begins with "as". */
  readonly untold: string;
  /** What a person does to have more, as the beginning of a sentence. */
  readonly raise: string;
}

/**
 * One owner on one host, as its API shows it. Every method throws MirrorError: `fleet-token-refused` where the token
 * itself is refused (then each later call throws the same error without a request, until the token is another one),
 * `fleet-not-permitted`, `fleet-host-…` and others of errors.ts.
 */
export interface Host {
  readonly kind: HostKind;
  /** What identities of this host begin with, before `#`: `github.com`, `git.example.com:8443`. */
  readonly authority: string;
  /** How many characters the description of a repository may have. */
  readonly descriptionAtMost: number;
  /** Webhooks of the host; undefined where it has none that a fleet could use. */
  readonly hooks: Hooks | undefined;
  /**
   * Pages of repositories, each repository once. Read to its end, the listing is whole, or it throws: a list that
   * shrinks or shifts while it is read is read again.
   *
   * With `newestFirst`, those that changed last come first, the caller stops where it likes, and nothing may be
   * concluded from what is missing. Hosts that know no time of change (Data Center, `git`) list all.
   */
  list(options?: { readonly newestFirst?: boolean }): AsyncIterable<readonly HostRepository[]>;
  /**
   * Looks a repository up by its identity, renamed or not; undefined when the host says that it does not exist, which
   * it also says when the token may no longer see it. Throws RangeError for an identity of another authority.
   */
  find(identity: string): Promise<HostRepository | undefined>;
  /** Looks a repository of this owner up by its name. One that had this name before a rename is not it. */
  findByName(name: string): Promise<HostRepository | undefined>;
  /** Throws `fleet-name-taken`, `fleet-name-refused`, `fleet-quota`, `fleet-not-private` where that is the cause. */
  create(repository: NewRepository): Promise<HostRepository>;
  /** Replaces the description: it carries the marker that says whose mirror this is. */
  describe(repository: HostRepository, description: string): Promise<void>;
  /** Missing where nothing bounds the number of repositories. */
  readonly quota?: RepositoryQuota;
  /** The login of git, asked for before each run: tokens of an app live for an hour. */
  login(): Promise<GitLogin>;
}

/** Reads a token at the moment that it is needed: it may be replaced while a service runs. */
export type TokenReader = () => Promise<string>;

/** `id` is the host's own, in its spelling. */
export function toIdentity(authority: string, id: string | number): string {
  return `${authority}#${id}`;
}

/** The host's own id of a repository. Throws RangeError for an identity of another host. */
export function parseIdentity(identity: string, authority: string): string {
  const start = `${authority}#`;
  if (identity.startsWith(start) && identity.length > start.length) return identity.slice(start.length);
  throw new RangeError(`"${identity}" is no identity of ${authority}`);
}

/** `host[:port][/path]` of a URL: what tells one installation of a host from another. */
export function toAuthority(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${cutEndSlashes(pathname)}`;
}

/**
 * The URL for git, as the API gives it. Some hosts put the name of the token's user into it. A host that is asked over
 * TLS and believes that it speaks http, behind a proxy, would get the token of git in clear. Undefined for anything but
 * http and https: other transports of git can start programs.
 */
export function toCloneUrl(href: string, base: string): string | undefined {
  if (!URL.canParse(href) || !/^https?:/.test(href)) return undefined;
  const url = new URL(href);
  url.username = '';
  url.password = '';
  if (base.startsWith('https:')) url.protocol = 'https:';
  return url.href;
}

/** A time of an API; undefined for what is none. */
export function toTime(text: string | null | undefined): Date | undefined {
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
