/** Keys to sign requests to AWS. Temporary keys (from STS) have a session token. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** An access key. */
export interface KeyIdentity extends AwsKeys {
  readonly kind: 'keys';
  readonly sessionToken: string | undefined;
}

/** A role that can be assumed with an OIDC token. */
export interface RoleIdentity {
  readonly kind: 'role';
  readonly roleArn: string;
  /** A JSON Web Token, signed by the identity provider of the role. */
  readonly token: string;
  /** The name of the session in CloudTrail. */
  readonly sessionName: string;
}

/** The identity that AWS's own client finds: a profile, SSO, the role of a machine or of a function. */
export interface ChainIdentity {
  readonly kind: 'chain';
  /** For messages, such as `the profile "audit"`. */
  readonly name: string;
  /** Reads the keys with AWS's client. `expiresAt` is undefined for keys that do not expire. Throws MirrorError. */
  readonly read: () => Promise<Session>;
}

/** The identity of the mirror at AWS. */
export type Identity = KeyIdentity | RoleIdentity | ChainIdentity;

/** Keys, and their expiry. */
export interface Session {
  readonly keys: AwsKeys;
  readonly expiresAt: Date | undefined;
}

/** The name of the identity for messages, without secrets. */
export function toIdentityName(identity: Identity): string {
  switch (identity.kind) {
    case 'keys':
      return `the access key ${identity.accessKeyId}`;
    case 'role':
      return `the role ${identity.roleArn}`;
    case 'chain':
      return identity.name;
  }
}
