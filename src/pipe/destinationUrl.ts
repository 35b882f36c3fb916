import { type FaultCollection, findFirst, type NewFault, quote } from '../faults';
import { findForeign, parseHost, parsePort } from '../remote/address';
import { isRegion } from '../remote/region';

/** The destination and the protocol to reach it by. */
export interface DestinationUrl {
  readonly scheme: 'ssh' | 'https';
  /** In lower case; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** The user that the URL contains. */
  readonly user: string | undefined;
  /** Begins with a slash. */
  readonly path: string;
  readonly region: string | undefined;
  /** The name of a CodeCommit repository: set if the path is `/v1/repos/<name>`, on any host. */
  readonly repository: string | undefined;
  /** Whether the host is one of AWS's own for CodeCommit. */
  readonly aws: boolean;
}

type Location = Omit<DestinationUrl, 'scheme'>;
type Scheme = DestinationUrl['scheme'];

/** A text completes "CODECOMMIT_URL is "…": it …". */
type Parsed = Location | NewFault | string;

export interface UrlOptions {
  /** AWS_DEFAULT_REGION: completes a bare name. A URL that contains a region ignores it. */
  readonly region?: string | undefined;
  /** There are AWS credentials: every form except ssh:// uses HTTPS. */
  readonly keyless?: boolean;
}

/** Parses CODECOMMIT_URL in any of its forms. */
export function parseDestinationUrl(
  value: string,
  faults: FaultCollection,
  { region, keyless = false }: UrlOptions = {},
): DestinationUrl | undefined {
  const scheme = keyless && !value.startsWith('ssh:') ? 'https' : 'ssh';
  const parsed = findTextFault(value) ?? parseForm(value, region, scheme);
  if (typeof parsed !== 'string' && 'host' in parsed)
    return { ...parsed, scheme, port: scheme === 'https' ? 443 : parsed.port };
  if (typeof parsed !== 'string') return faults.add(parsed.variable, parsed.message, parsed.remedy);
  return faults.add(
    'CODECOMMIT_URL',
    `CODECOMMIT_URL is ${quote(value)}: it ${parsed}.`,
    'Use ssh://git-codecommit.<region>.amazonaws.com/v1/repos/<name> (in the CodeCommit console: Clone URL > Clone SSH), codecommit::<region>://<name>, the HTTPS URL from the console, a bare <name> with AWS_DEFAULT_REGION, or ssh://<host>[:<port>]/<path> for another git server.',
  );
}

/** Replaces the git host of the region by CODECOMMIT_ENDPOINT, `host[:port]`. Default port: the scheme's own. */
export function replaceHost(
  destination: DestinationUrl,
  endpoint: string | undefined,
  faults: FaultCollection,
): DestinationUrl | undefined {
  if (endpoint === undefined) return destination;
  const { host, port = destination.port } = parseAuthority(endpoint);
  if (host === undefined || Number.isNaN(port)) {
    return faults.add(
      'CODECOMMIT_ENDPOINT',
      `CODECOMMIT_ENDPOINT is ${quote(endpoint)}; it must be host or host:port.`,
      'Give the DNS name of the VPC endpoint for git, without https:// and without a path.',
    );
  }
  if (destination.aws) return { ...destination, host, port };
  return faults.add(
    'CODECOMMIT_ENDPOINT',
    `CODECOMMIT_ENDPOINT replaces the git host of a region, but CODECOMMIT_URL names the host ${destination.host}.`,
    'Remove CODECOMMIT_ENDPOINT, or give CODECOMMIT_URL as codecommit::<region>://<name>.',
  );
}

/** The URL as git needs it: always with its user, without port 22. */
export function toSshUrl(destination: DestinationUrl, user: string): string {
  return `ssh://${user}@${toAuthority(destination, 22)}${destination.path}`;
}

/** The URL as git needs it, without port 443 and without a user: that comes with each login. */
export function toHttpsUrl(destination: DestinationUrl): string {
  return `https://${toAuthority(destination, 443)}${destination.path}`;
}

/** `host[:port]`, without the default port of the scheme. */
export function toAuthority({ host, port }: Pick<DestinationUrl, 'host' | 'port'>, usual: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === usual ? name : `${name}:${port}`;
}

function findTextFault(value: string): string | undefined {
  if (/^https:\/\/(?:[\w-]+\.)?console\.(?:aws\.amazon|amazonaws)\.com/.test(value)) {
    // The address of the page contains everything that a clone URL needs.
    const [, name] = /\/repositories\/([\w.-]+)/.exec(value) ?? [];
    const [, region] = /[?&]region=([a-z0-9-]+)/.exec(value) ?? [];
    const form = name && region && !value.includes('@') ? `; use codecommit::${region}://${name}` : '';
    return `is the web page of the repository, not its clone URL${form}`;
  }
  // Such a URL may have a password anywhere before the @, so no part of it could be quoted.
  return findForeign(value) ?? findFirst([[/^[^/]*\/\/[^/]*\/.*@/.test(value), 'has an @ after the host']]);
}

function parseForm(value: string, defaultRegion: string | undefined, chosen: Scheme): Parsed {
  if (value.startsWith('codecommit:')) return parseHelperUrl(value, defaultRegion);
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(value) ?? [];
  if (scheme === 'ssh') return parseSshUrl(rest);
  if (scheme === 'https') return parseHttpsUrl(rest, chosen);
  if (scheme !== undefined) return 'has an unsupported scheme; use ssh://';
  if (/[:/@]/.test(value)) return 'is not a URL; write git@host:path as ssh://git@host/path';
  const fault = findNameFault(value);
  if (fault !== undefined || defaultRegion !== undefined)
    return fault ?? toCodeCommit('AWS_DEFAULT_REGION', defaultRegion ?? '', value);
  return {
    variable: 'CODECOMMIT_URL',
    message: `CODECOMMIT_URL is ${quote(value)}: a bare repository name needs AWS_DEFAULT_REGION.`,
    remedy: 'Set AWS_DEFAULT_REGION to the region of the repository, or give the whole URL.',
  };
}

/** The forms of git-remote-codecommit: `codecommit::<region>://<name>` and `codecommit://<name>`. */
function parseHelperUrl(value: string, defaultRegion: string | undefined): Parsed {
  const [, region = defaultRegion, rest] = /^codecommit:(?::([^:/]+):)?\/\/(.*)$/.exec(value) ?? [];
  const fault = findFirst([
    [rest === undefined, 'is not of the form codecommit::<region>://<name>'],
    [
      rest?.includes('@'),
      'names a profile, which only git-remote-codecommit can use; remove the part before the @',
    ],
    [
      region === undefined,
      'contains no region: use codecommit::<region>://<name>, or set AWS_DEFAULT_REGION',
    ],
  ]);
  const variable = value.startsWith('codecommit::') ? 'CODECOMMIT_URL' : 'AWS_DEFAULT_REGION';
  return fault ?? toCodeCommit(variable, region ?? '', rest ?? '');
}

function parseSshUrl(rest: string): Parsed {
  const [, user, authority, path = ''] = /^(?:([^/]*)@)?([^/@]*)(\/.*)?$/.exec(rest) ?? [];
  const { host, port = 22 } = parseAuthority(authority ?? '');
  const fault = findFirst([
    [authority === undefined, 'is not of the form ssh://[user@]host[:port]/path'],
    [user?.includes(':'), 'contains a password; SSH uses a key only, so remove the password'],
    [host === undefined, 'has no valid host name'],
    [Number.isNaN(port), 'has no valid port (1 to 65535)'],
    [user !== undefined && !/^\w[\w.+-]*$/.test(user), 'has no valid user name before the @'],
  ]);
  return fault ?? toLocation({ host: host ?? '', port, user, path }, 'ssh');
}

function parseHttpsUrl(rest: string, chosen: Scheme): Parsed {
  const [, user, name = '', path = ''] = /^(?:([^/]*)@)?([^/]*)(.*)$/.exec(rest) ?? [];
  const host = name.toLowerCase();
  const fault = findFirst([
    [!isCodeCommitLike(host), 'is an HTTPS URL of a host other than CodeCommit; use ssh://'],
    [user !== undefined, 'contains HTTPS credentials, which are not used here; remove the part before the @'],
  ]);
  return fault ?? toLocation({ host, port: 22, user: undefined, path }, chosen);
}

/** `host[:port]`; the host is undefined, and the port NaN, if it is not valid. */
export function parseAuthority(authority: string) {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(authority) ?? [];
  const host = parseHost(bracketed ?? plain, bracketed !== undefined);
  return { host, port: port === undefined ? undefined : (parsePort(port) ?? Number.NaN) };
}

function toLocation(place: Pick<Location, 'host' | 'port' | 'user' | 'path'>, chosen: Scheme): Parsed {
  const { host, port, path } = place;
  const aws = isCodeCommitLike(host);
  const [, repository] = /^\/v1\/repos\/(.*)$/.exec(path) ?? [];
  const plain = repository === undefined;
  const fault =
    (aws ? findHostFault(host, chosen) : undefined) ??
    findFirst([
      [aws && port !== 22, `has port ${port}; CodeCommit uses port 22 for SSH`],
      [aws && plain, 'does not have the path /v1/repos/<name>'],
      [
        plain && (!/^\/[\w.~+=,:/-]+$/.test(path) || /^\/+$/.test(path)),
        'has no path, or one with characters other than A-Z a-z 0-9 . _ ~ + = , : / -',
      ],
    ]) ??
    (plain ? undefined : findNameFault(repository));
  return fault ?? { ...place, region: aws ? awsHost.exec(host)?.[2] : undefined, repository, aws };
}

const awsHost = /^(?:vpce-[a-z0-9-]+\.)?git-codecommit(-fips)?\.([^.]+)\.(?:vpce\.)?amazonaws\.com(\.cn)?$/;

function isCodeCommitLike(host: string): boolean {
  return /(^|[.-])codecommit/.test(host) && /\.amazonaws\.com(\.cn)?\.?$/.test(host);
}

/** Checks the form of a CodeCommit host and its region, never a list, so that new regions work at once. */
function findHostFault(host: string, chosen: Scheme): string | NewFault | undefined {
  const [found, fips, region = '', china] = awsHost.exec(host) ?? [];
  const sshHost = host.replace('-fips', '');
  const isFips = fips !== undefined && chosen === 'ssh';
  const isWrongDomain = region.startsWith('cn-') !== (china !== undefined);
  return (
    findFirst([
      [found === undefined, `has the host ${host}; the git host is git-codecommit.<region>.amazonaws.com`],
      [isFips, `has a FIPS host, which supports HTTPS only; over SSH the host is ${sshHost}`],
    ]) ??
    findRegionFault('CODECOMMIT_URL', region) ??
    findFirst([[isWrongDomain, `has the wrong domain: the host of region ${region} is ${toHost(region)}`]])
  );
}

function findRegionFault(variable: string, region: string): NewFault | undefined {
  if (isRegion(region)) return undefined;
  return {
    variable,
    message: `${variable} names the region ${quote(region)}, which is not a valid AWS region.`,
    remedy: 'Give a region such as us-east-1 or ap-southeast-1.',
  };
}

function toHost(region: string): string {
  return `git-codecommit.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** The standard location of a repository. `variable` is the one that names the region. */
function toCodeCommit(variable: string, region: string, name: string): Parsed {
  const path = `/v1/repos/${name}`;
  const fault = findRegionFault(variable, region) ?? findNameFault(name);
  if (fault !== undefined) return fault;
  return { host: toHost(region), port: 22, user: undefined, path, region, repository: name, aws: true };
}

/** CodeCommit's rule for names: 1 to 100 of A-Z a-z 0-9 . _ -, not ending in .git (CodeCommit API, RepositoryName). */
function findNameFault(name: string): string | undefined {
  const isUnfit = !/^[\w.-]+$/.test(name) || /^\.\.?$/.test(name);
  return findFirst([
    [name.endsWith('/'), 'ends in a slash, which breaks the connection to CodeCommit; remove it'],
    [name.endsWith('.git'), 'ends in .git, which CodeCommit does not allow; remove it'],
    [name.length > 100, `has a repository name of ${name.length} characters; CodeCommit allows 100`],
    [isUnfit, 'has an invalid repository name: CodeCommit allows 1 to 100 of A-Z a-z 0-9 . _ -'],
  ]);
}
