import { toIdentityName } from '../aws/identity';
import type { MirrorError } from '../errors';
import { toQuote } from '../errors';
import { describeGitFailure, type FailureKind, parseFailure } from '../git/failures';
import { timedOut } from '../system/errors';
import {
  algorithmsDisjoint,
  certificateRefused,
  connectionDropped,
  credentialsRefused,
  destinationFailed,
  destinationNotFound,
  destinationUnreachable,
  hostKeyRefused,
  permissionDenied,
  redirected,
  sshTooOld,
} from './destinationErrors';
import { passwordRemoved } from './passwordRemoved';
import type { RemoteSettings, Role } from './settings';
import {
  sourceAlgorithms,
  sourceCertificateRefused,
  sourceMoved,
  sourceNotFound,
  sourceUnauthorised,
  sourceUnreachable,
} from './sourceErrors';

/** A git command that failed on its way to a server. */
export interface Failed {
  readonly settings: RemoteSettings;
  readonly role: Role;
  readonly command: string;
  readonly stderr: string;
}

/** What the failure means, from what git and ssh wrote. */
export function describeFailure(failed: Failed): MirrorError {
  const kind = parseFailure(failed.stderr);
  return (
    describeHostKey(kind, failed) ??
    (failed.role === 'source' ? describeSource(kind, failed) : describeDestination(kind, failed)) ??
    describeGitFailure(failed.command, { exitCode: 1, stderr: failed.stderr })
  );
}

/** A host key is refused in the handshake, whichever end the host is. */
function describeHostKey(
  kind: FailureKind,
  { settings: { login }, stderr }: Failed,
): MirrorError | undefined {
  if (kind !== 'host-key' || login.kind !== 'ssh') return undefined;
  return hostKeyRefused(login.host, login.trust.fingerprint, ...findOfferedKeys(stderr));
}

/** What the command of our configuration writes for each key that is not the expected one. */
function findOfferedKeys(stderr: string): readonly string[] {
  return [
    ...new Set([...stderr.matchAll(/offered host key (\S+)/g)].map(([, fingerprint = '']) => fingerprint)),
  ];
}

function describeSource(kind: FailureKind, { settings, command, stderr }: Failed): MirrorError | undefined {
  const { url } = settings;
  switch (kind) {
    case 'unreachable':
    case 'server-error':
      return sourceUnreachable(url, stderr);
    case 'dropped':
      return command === 'fetch' ? connectionDropped(url, stderr) : sourceUnreachable(url, stderr);
    case 'unauthorised':
    case 'permission-denied':
    case 'host-key':
      return sourceUnauthorised(url, stderr);
    case 'password-removed':
      return passwordRemoved('source', url);
    case 'not-found':
      return sourceNotFound(url, stderr);
    case 'certificate':
      return sourceCertificateRefused(url, stderr);
    case 'algorithms':
      return sourceAlgorithms(url, stderr);
    case 'moved':
      return sourceMoved([toQuote(stderr)]);
    case 'timed-out':
      return timedOut(`The source ${url}`);
    default:
      return undefined;
  }
}

/** Failures that git has by itself, whatever is at the other end. */
const ownKinds: readonly FailureKind[] = [
  'disk-full',
  'object-missing',
  'ssh-unusable',
  'git-too-old',
  'object-format',
  'not-git',
  'proxy',
];

function describeDestination(kind: FailureKind, { settings, stderr }: Failed): MirrorError | undefined {
  const { url, login } = settings;
  const { host, port } = toPlace(settings);
  if (ownKinds.includes(kind)) return undefined;
  switch (kind) {
    case 'permission-denied':
      return login.kind === 'ssh' ? permissionDenied(login.user, host) : destinationFailed(url, stderr);
    case 'algorithms':
      return algorithmsDisjoint(host, stderr);
    case 'ssh-too-old':
      return sshTooOld(stderr);
    case 'unauthorised':
      return describeRefusal(settings, stderr);
    case 'password-removed':
      return passwordRemoved('destination', url);
    case 'not-found':
      return destinationNotFound(url, login.kind === 'ssh' ? 'key' : 'credentials', stderr);
    case 'certificate':
      return certificateRefused(host, stderr);
    case 'redirected':
      return redirected(url, stderr);
    case 'unreachable':
    case 'server-error':
      return destinationUnreachable(host, port, stderr);
    case 'timed-out':
      return timedOut(`The connection to ${host}`);
    case 'dropped':
      return connectionDropped(url, stderr);
    default:
      return destinationFailed(url, stderr);
  }
}

function describeRefusal({ url, login }: RemoteSettings, stderr: string): MirrorError {
  switch (login.kind) {
    case 'ssh':
      return destinationNotFound(url, 'key', stderr);
    case 'aws':
      return credentialsRefused(toIdentityName(login.identity), url, stderr);
    case 'password':
      return credentialsRefused(`the user ${login.username}`, url, stderr);
    case 'bearer':
      return credentialsRefused('the token', url, stderr);
    case 'none':
      return credentialsRefused('no login', url, stderr);
  }
}

const usualPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ssh:': 22 };

/** Host and port of a URL; of HTTP(S), the host as HTTP names it, with its port. */
function toPlace({ url, login }: RemoteSettings): { readonly host: string; readonly port: number } {
  if (login.kind === 'ssh') return login;
  if (!URL.canParse(url)) return { host: url, port: 0 };
  const { protocol, host, port } = new URL(url);
  return { host: host || url, port: Number(port) || (usualPorts[protocol] ?? 0) };
}
