import { invalid, quote, type SettingsError } from '../faults';
import { findForeign, parseHost, parsePort } from '../remote/address';
import { isRegion } from '../remote/region';

/** Where the mirror goes, and by which way. */
export interface DestinationUrl {
  readonly scheme: 'ssh' | 'https';
  /** In lower case; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** The user that the URL carries. */
  readonly user: string | undefined;
  /** Begins with a slash. */
  readonly path: string;
  readonly region: string | undefined;
  /** The name of a CodeCommit repository: set when the path is `/v1/repos/<name>`, on whichever host. */
  readonly repository: string | undefined;
  /** Whether the host is one of AWS's own for CodeCommit. */
  readonly aws: boolean;
}

const forms =
  'Give ssh://git-codecommit.<region>.amazonaws.com/v1/repos/<name> (in the console of CodeCommit: Clone URL > Clone SSH), codecommit::<region>://<name>, the HTTPS URL of the console, a bare <name> with AWS_DEFAULT_REGION, or ssh://<host>[:<port>]/<path> for another git server.';

/**
 * Parses CODECOMMIT_URL in any of its forms; `defaultRegion` (AWS_DEFAULT_REGION) completes a bare name, and says
 * nothing of a URL that names its region. `keyless` (there are AWS credentials): every form but ssh:// goes over HTTPS. Throws SettingsError.
 */
export function parseDestinationUrl(value: string, defaultRegion?: string, keyless = false): DestinationUrl {
  const page = /^https:\/\/(?:[\w-]+\.)?console\.(?:aws\.amazon|amazonaws)\.com/.test(value);
  if (page) throw toConsolePage(value);
  const foreign = findForeign(value);
  if (foreign !== undefined) throw unfit(foreign, value);
  // Such a URL may have a password anywhere before it, so that no part of it could be quoted.
  if (/^[^/]*\/\/[^/]*\/.*@/.test(value)) throw unfit('has an @ after the host', value);
  const scheme = keyless && !value.startsWith('ssh:') ? 'https' : 'ssh';
  const location = parseForm(value, defaultRegion, scheme);
  return { ...location, scheme, port: scheme === 'https' ? 443 : location.port };
}

/** The URL as git needs it: always with its user, without port 22. */
export function toSshUrl(destination: DestinationUrl, user: string): string {
  return `ssh://${user}@${toAuthority(destination, 22)}${destination.path}`;
}

/** The URL as git needs it, without a user: that comes with each login. Without port 443. */
export function toHttpsUrl(destination: DestinationUrl): string {
  return `https://${toAuthority(destination, 443)}${destination.path}`;
}

/** `host[:port]`, without the port that the scheme has by itself. */
export function toAuthority({ host, port }: Pick<DestinationUrl, 'host' | 'port'>, usual: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === usual ? name : `${name}:${port}`;
}

/** The address of a repository in the browser says all that its clone URL would. */
function toConsolePage(value: string): SettingsError {
  const [, name] = /\/repositories\/([\w.-]+)/.exec(value) ?? [];
  const [, region] = /[?&]region=([a-z0-9-]+)/.exec(value) ?? [];
  const form = name && region && !value.includes('@') ? `; write codecommit::${region}://${name}` : '';
  return unfit(`is the page of the repository, not its clone URL${form}`, value);
}

type Location = Omit<DestinationUrl, 'scheme'>;

function parseForm(
  value: string,
  defaultRegion: string | undefined,
  chosen: DestinationUrl['scheme'],
): Location {
  if (value.startsWith('codecommit:')) return parseRemoteHelperUrl(value, defaultRegion);
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(value) ?? [];
  if (scheme === 'ssh') return parseSshUrl(value, rest);
  if (scheme === 'https') return parseHttpsUrl(value, rest, chosen);
  if (scheme !== undefined) {
    throw unfit('has another scheme; the mirror goes over ssh://', value);
  }
  if (/[:/@]/.test(value)) {
    throw unfit('is no URL; git@host:path is written ssh://git@host/path here', value);
  }
  const name = parseRepositoryName(value, value);
  if (defaultRegion === undefined) {
    throw invalid(
      'CODECOMMIT_URL',
      `CODECOMMIT_URL is ${quote(value)}: a bare repository name needs AWS_DEFAULT_REGION.`,
      'Set AWS_DEFAULT_REGION to the region of the repository, or give the whole URL.',
    );
  }
  return codeCommit(parseRegion('AWS_DEFAULT_REGION', defaultRegion), name);
}

/** The forms of git-remote-codecommit: `codecommit::<region>://<name>` and `codecommit://<name>`. */
function parseRemoteHelperUrl(value: string, defaultRegion: string | undefined): Location {
  const [, region = defaultRegion, rest] = /^codecommit:(?::([^:/]+):)?\/\/(.*)$/.exec(value) ?? [];
  if (rest === undefined) throw unfit('is not of the form codecommit::<region>://<name>', value);
  if (rest.includes('@')) {
    throw unfit(
      'names a profile, which only git-remote-codecommit can use; leave out what is before the @',
      value,
    );
  }
  if (region === undefined) {
    throw unfit('names no region: write codecommit::<region>://<name>, or set AWS_DEFAULT_REGION', value);
  }
  const variable = value.startsWith('codecommit::') ? 'CODECOMMIT_URL' : 'AWS_DEFAULT_REGION';
  return codeCommit(parseRegion(variable, region), parseRepositoryName(rest, value));
}

function parseSshUrl(value: string, rest: string): Location {
  const [, user, authority, path] = /^(?:([^/]*)@)?([^/@]*)(\/.*)?$/.exec(rest) ?? [];
  if (authority === undefined) throw unfit('is not of the form ssh://[user@]host[:port]/path', value);
  if (user?.includes(':')) {
    throw unfit('carries a password; SSH logs in with a key alone, so leave the password out', value);
  }
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(authority) ?? [];
  const host = parseHost(bracketed ?? plain ?? '', bracketed !== undefined);
  if (host === undefined) throw unfit('has no valid host name', value);
  const number = port === undefined ? 22 : parsePort(port);
  if (number === undefined) throw unfit('has no valid port (1 to 65535)', value);
  if (user !== undefined && !/^\w[\w.+-]*$/.test(user))
    throw unfit('has no valid user name before the @', value);
  return { ...parseLocation(value, host, number, path ?? ''), port: number, user };
}

function parseHttpsUrl(value: string, rest: string, chosen: DestinationUrl['scheme']): Location {
  const [, user, host = '', path = ''] = /^(?:([^/]*)@)?([^/]*)(.*)$/.exec(rest) ?? [];
  if (!isCodeCommitLike(host.toLowerCase())) {
    throw unfit('is an HTTPS URL of another host than CodeCommit; the mirror goes over ssh://', value);
  }
  if (user !== undefined) {
    throw unfit('carries HTTPS credentials, which are not used here; leave out what is before the @', value);
  }
  return { ...parseLocation(value, host.toLowerCase(), 22, path, chosen), port: 22, user: undefined };
}

function parseLocation(
  value: string,
  host: string,
  port: number,
  path: string,
  chosen: DestinationUrl['scheme'] = 'ssh',
) {
  const aws = isCodeCommitLike(host);
  const region = aws ? parseAwsHost(value, host, chosen) : undefined;
  if (aws && port !== 22) throw unfit(`has port ${port}; CodeCommit's SSH is on port 22`, value);
  const [, name] = /^\/v1\/repos\/(.*)$/.exec(path) ?? [];
  if (name !== undefined) return { host, path, region, aws, repository: parseRepositoryName(name, value) };
  if (aws) throw unfit('has another path than /v1/repos/<name>', value);
  if (!/^\/[\w.~+=,:/-]+$/.test(path) || /^\/+$/.test(path)) {
    throw unfit('has no path, or one with other characters than A-Z a-z 0-9 . _ ~ + = , : / -', value);
  }
  return { host, path, region: undefined, aws, repository: undefined };
}

function isCodeCommitLike(host: string): boolean {
  return /(^|[.-])codecommit/.test(host) && /\.amazonaws\.com(\.cn)?\.?$/.test(host);
}

/** Gives the region of a CodeCommit host: its shape is checked, never a list, so that new regions just work. */
function parseAwsHost(value: string, host: string, chosen: DestinationUrl['scheme']): string {
  const match =
    /^(?:vpce-[a-z0-9-]+\.)?git-codecommit(-fips)?\.([^.]+)\.(?:vpce\.)?amazonaws\.com(\.cn)?$/.exec(host);
  const [, fips, region = '', china] = match ?? [];
  if (match === null) {
    throw unfit(`has the host ${host}; git's is git-codecommit.<region>.amazonaws.com`, value);
  }
  if (fips !== undefined && chosen === 'ssh') {
    throw unfit(
      `has a FIPS host, which serves HTTPS only; over SSH the host is ${host.replace('-fips', '')}`,
      value,
    );
  }
  parseRegion('CODECOMMIT_URL', region);
  if (region.startsWith('cn-') !== (china !== undefined)) {
    const expected = toHost(region);
    throw unfit(`has a host of the wrong domain: the hosts of region ${region} end as in ${expected}`, value);
  }
  return region;
}

function parseRegion(variable: string, region: string): string {
  if (isRegion(region)) return region;
  throw invalid(
    variable,
    `${variable} names the region ${quote(region)}, which has not the form of a region.`,
    'Give a region such as us-east-1 or ap-southeast-1.',
  );
}

function toHost(region: string): string {
  return `git-codecommit.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function codeCommit(region: string, name: string): Location {
  const path = `/v1/repos/${name}`;
  return { host: toHost(region), port: 22, user: undefined, path, region, repository: name, aws: true };
}

/** CodeCommit's rule for names: 1 to 100 of A-Z a-z 0-9 . _ -, not ending in .git (CodeCommit API, RepositoryName). */
function parseRepositoryName(name: string, value: string): string {
  if (name.endsWith('/'))
    throw unfit('ends in a slash, which breaks the connection to CodeCommit; leave it out', value);
  if (name.endsWith('.git'))
    throw unfit('ends in .git, which no CodeCommit repository does; leave it out', value);
  if (name.length > 100)
    throw unfit(`names a repository of ${name.length} characters; CodeCommit allows 100`, value);
  if (!/^[\w.-]+$/.test(name) || /^\.\.?$/.test(name)) {
    throw unfit(
      'names a repository that CodeCommit cannot have: a name is 1 to 100 of A-Z a-z 0-9 . _ -',
      value,
    );
  }
  return name;
}

/** `what` completes "CODECOMMIT_URL is "…": it …". */
function unfit(what: string, value: string): SettingsError {
  return invalid('CODECOMMIT_URL', `CODECOMMIT_URL is ${quote(value)}: it ${what}.`, forms);
}
