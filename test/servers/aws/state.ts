export interface SshKey {
  readonly id: string;
  /** `ssh-rsa <base64>` */
  readonly body: string;
  active: boolean;
  /** ISO 8601. */
  readonly uploaded: string;
}

export interface IamUser {
  readonly name: string;
  readonly path: string;
  /** Documents by the policies' names. */
  readonly policies: Map<string, unknown>;
  keys: SshKey[];
  readonly tags?: Map<string, string>;
  /** What somebody else attached, such as access keys: the user can't be deleted. */
  attached?: boolean;
}

export interface IamRole {
  readonly path: string;
  trust: unknown;
  readonly policies: Map<string, unknown>;
  readonly tags?: Map<string, string>;
}

/** A trigger of a repository, as CodeCommit keeps it. */
export interface Trigger {
  readonly name: string;
  readonly destinationArn: string;
  readonly customData: string;
  readonly branches: readonly string[];
  readonly events: readonly string[];
}

export interface ManagedPolicy {
  readonly name: string;
  readonly path: string;
  /** The value of its one tag. */
  readonly tag: string | undefined;
  /** Documents by the id of their version. */
  readonly versions: Map<string, unknown>;
  default: string;
  /** The ARNs of users and roles. */
  readonly attachedTo: string[];
}

/** An account, as far as a mirror needs one. */
export interface AwsState {
  readonly account: string;
  /** `arn:aws:iam::<account>` */
  readonly iamArn: string;
  readonly users: Map<string, IamUser>;
  readonly roles: Map<string, IamRole>;
  readonly providers: Map<string, { readonly url: string; readonly audiences: string[] }>;
  /** Managed policies by their ARN. */
  readonly policies: Map<string, ManagedPolicy>;
  /** By `<region>/<name>` of the repository. */
  readonly triggers: Map<string, readonly Trigger[]>;
  /** `<region>/<name>` of repositories on CodeCommit. */
  readonly repositories: Set<string>;
  /** Whom the access key belongs to, where that is not the user `admin`. */
  caller?: string;
  /** At most this many items a page. */
  pageSize: number;
  uploads: number;
  /** Told of each key that was uploaded, switched on or off, or deleted (then it is inactive). */
  announce(key: SshKey): void;
}
