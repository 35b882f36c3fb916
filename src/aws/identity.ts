/** What AWS signs with. Temporary keys (from STS) have a session token. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** The holder of an access key. */
export interface KeyIdentity extends AwsKeys {
  readonly kind: 'keys';
  readonly sessionToken: string | undefined;
}

/** A role that an OIDC token lets its bearer assume. */
export interface RoleIdentity {
  readonly kind: 'role';
  readonly roleArn: string;
  /** A JSON Web Token that the identity provider of the role signed. */
  readonly token: string;
  /** How CloudTrail names the session. */
  readonly sessionName: string;
}

/** Whoever AWS's own client finds: a profile, SSO, the role of a machine or of a function. */
export interface ChainIdentity {
  readonly kind: 'chain';
  /** For messages, such as `the profile "audit"`. */
  readonly name: string;
  /** Asks AWS's client; `expiresAt` is undefined for keys that do not expire. Throws MirrorError. */
  readonly read: () => Promise<Session>;
}

/** As whom the mirror acts at AWS. */
export type Identity = KeyIdentity | RoleIdentity | ChainIdentity;

/** Keys, and until when they are good. */
export interface Session {
  readonly keys: AwsKeys;
  readonly expiresAt: Date | undefined;
}

/** For messages: who this is, without secrets. */
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
