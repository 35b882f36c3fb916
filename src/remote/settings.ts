import type { Identity } from '../aws/identity';
import type { HostTrust } from '../ssh/hostTrust';
import type { PrivateKey } from '../ssh/privateKey';

/** A git server at one end of a mirror, and how to reach it. */
export interface RemoteSettings {
  /** As git needs it, without secrets: `https://host[:port]/path`, `ssh://user@host[:port]/path`, `file://…` or a path. */
  readonly url: string;
  /** For logs: `repository (region)`, or the URL. */
  readonly name: string;
  readonly login: Login;
  /** The HTTP proxy for this server alone. */
  readonly proxy?: HttpProxy | undefined;
  /** git reads the configuration of its user and of this machine, as `git ls-remote` in a shell does. */
  readonly usersGit?: boolean | undefined;
}

export interface HttpProxy {
  /** `http://host[:port]`, without a login; any scheme that git takes (git-config(1), http.proxy). */
  readonly url: string;
  readonly login?: Password | undefined;
}

export interface Password {
  readonly username: string;
  readonly password: string;
}

/** How this program proves itself. Nothing but this is sent: no ~/.netrc, no helper of the user (see `usersGit`). */
export type Login = NoLogin | PasswordLogin | BearerLogin | AwsLogin | SshLogin;

/** Nothing of ours is sent. An ssh:// URL is left to the ssh of this user. */
export interface NoLogin {
  readonly kind: 'none';
}

/** A user and a password or token, over HTTP(S). */
export interface PasswordLogin extends Password {
  readonly kind: 'password';
}

/** `Authorization: Bearer …`: needs git 2.46 (git-credential(1), `authtype`). */
export interface BearerLogin {
  readonly kind: 'bearer';
  readonly token: string;
}

/** CodeCommit over HTTPS: a signature that is made for each connection. */
export interface AwsLogin {
  readonly kind: 'aws';
  readonly region: string;
  readonly identity: Identity;
}

/** A key of ours, for a host that is told by its host key. */
export interface SshLogin {
  readonly kind: 'ssh';
  readonly user: string;
  /** In lower case; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  readonly key: PrivateKey;
  readonly trust: HostTrust;
  /** Signatures with SHA-1 are accepted: CodeCommit may have no others. */
  readonly sha1: boolean;
  /** A ~/.ssh whose config and known_hosts get a block for this host, for whoever uses ssh after this run. */
  readonly directory?: string | undefined;
}

/** Which end of a mirror a server is. */
export type Role = 'source' | 'destination';
