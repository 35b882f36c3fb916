/** The kinds of git host that a fleet reads from or writes to, as `host` of mirrors.yaml names them. */
export type HostKind = 'github' | 'gitlab' | 'bitbucket' | 'bitbucket-datacenter' | 'codecommit' | 'git';

/** One repository as its host describes it. */
export interface HostRepository {
  /** `<authority>#<id>`, such as `github.com#123456`: it stays when the repository is renamed, and is never given twice. */
  readonly identity: string;
  /** Its organisation, user, workspace, project, or group with subgroups (`group/subgroup`); empty on CodeCommit. */
  readonly owner: string;
  /** The last part of its URL. */
  readonly name: string;
  /** As git needs it, without a login: https:// where the host has it. */
  readonly url: string;
  readonly description: string;
  readonly isPrivate: boolean;
  readonly isArchived: boolean;
  readonly isFork: boolean;
  /** When the host says that it changed last: a hint, never the truth. Undefined where the host does not say. */
  readonly changedAt: Date | undefined;
  /** Bytes as the host says, undefined where it does not. */
  readonly bytes: number | undefined;
}

/** What a missing destination repository is made with. It is private, always. */
export interface NewRepository {
  /** As its host's naming allows; without its owner. */
  readonly name: string;
  readonly description: string;
}

/** How git proves itself at this host. */
export type GitLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Sent as `Authorization: Bearer …`: project and repository tokens of Bitbucket Data Center work in no other way. */
  | { readonly kind: 'bearer'; readonly token: string }
  /** AWS signature, made afresh for each connection. */
  | { readonly kind: 'aws'; readonly region: string };

/**
 * One owner on one host, as its API shows it. Every method throws MirrorError: `fleet-token-refused` where the whole
 * token is at fault, `fleet-host-…` otherwise. A listing is whole, or it throws.
 */
export interface Host {
  readonly kind: HostKind;
  /** Pages of repositories. With `newestFirst`, those that changed last come first, and the caller may stop. */
  list(options?: { readonly newestFirst?: boolean }): AsyncIterable<readonly HostRepository[]>;
  /** Looks a repository up by its identity, renamed or not; undefined when the host says that it does not exist. */
  find(identity: string): Promise<HostRepository | undefined>;
  /** Looks a repository of this owner up by its name. */
  findByName(name: string): Promise<HostRepository | undefined>;
  create(repository: NewRepository): Promise<HostRepository>;
  /** Replaces the description: it carries the marker that says whose mirror this is. */
  describe(repository: HostRepository, description: string): Promise<void>;
  /** The login of git, asked for before each run: tokens of an app live for an hour. */
  login(): Promise<GitLogin>;
}
