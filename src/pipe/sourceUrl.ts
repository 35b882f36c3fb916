import { invalid, quote, type SettingsError } from '../faults';
import { findForeign, parseHost, parsePort } from '../remote/address';
import type { HttpProxy, Password } from '../remote/settings';

export interface SourceUrl {
  /** Without credentials. */
  readonly url: string;
  readonly credentials: Password | undefined;
}

const forms =
  'Give http://, https:// or ssh:// followed by host and path, file:///path, or the absolute path of a repository on this machine.';

/** Parses SOURCE_URL, or `variable` with the same forms; a user and password of http(s) are split off. Throws SettingsError. */
export function parseSourceUrl(value: string, variable = 'SOURCE_URL'): SourceUrl {
  const { scheme, rest } = splitScheme(value);
  if (scheme === undefined) return { url: parsePath(variable, value, value), credentials: undefined };
  if (scheme === 'file') return { url: `file://${parsePath(variable, rest, value)}`, credentials: undefined };
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'ssh') {
    throw unfit(variable, value, 'has another scheme than these');
  }
  const { userinfo, host, path } = parseAuthority(variable, rest, value);
  if (!/^\/[\w.~+=,:%/-]+$/.test(path)) throw unfit(variable, value, 'has no valid path');
  if (scheme !== 'ssh')
    return { url: `${scheme}://${host}${path}`, credentials: parseCredentials(variable, userinfo, value) };
  if (userinfo?.includes(':')) throw unfit(variable, value, 'carries a password, which SSH cannot use');
  if (userinfo !== undefined && !/^\w[\w.+-]*$/.test(userinfo))
    throw unfit(variable, value, 'has no valid user name');
  return {
    url: `ssh://${userinfo === undefined ? '' : `${userinfo}@`}${host}${path}`,
    credentials: undefined,
  };
}

/** Schemes that git can reach a proxy by (git-config, http.proxy; curl's CURLOPT_PROXY). */
const proxySchemes = new Set(['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h']);

const proxyRemedy = 'Give the proxy as http://<host>:<port>, or leave SOURCE_PROXY out for its default.';
/** Parses SOURCE_PROXY; a user and password are split off. Throws SettingsError. */
export function parseSourceProxy(value: string): HttpProxy {
  const variable = 'SOURCE_PROXY';
  const { scheme, rest } = splitScheme(value);
  if (scheme === undefined || !proxySchemes.has(scheme)) {
    throw invalid(variable, `${variable} is ${quote(value)}: it is not the URL of a proxy.`, proxyRemedy);
  }
  const { userinfo, host, path } = parseAuthority(variable, rest, value, proxyRemedy);
  if (path !== '' && path !== '/') {
    throw invalid(variable, `${variable} is ${quote(value)}: a proxy has no path.`, proxyRemedy);
  }
  const login = parseCredentials(variable, userinfo, value);
  return { url: `${scheme}://${host}`, ...(login && { login }) };
}

/** Whether two http(s) URLs name the same repository: git servers take it with or without `.git`. */
export function isSameRepository(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => url.replace(/\/+$/, '').replace(/\.git$/, ''));
  return a === b;
}

function splitScheme(value: string): { scheme: string | undefined; rest: string } {
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(value) ?? [];
  return { scheme: scheme?.toLowerCase(), rest };
}

function parsePath(variable: string, path: string, value: string): string {
  // git's transports by helper (ext::, fd::) run programs: only an absolute path is taken as one.
  if (!path.startsWith('/') || path.startsWith('//'))
    throw unfit(variable, value, 'is neither a URL nor an absolute path');
  if (hasControl(path)) throw unfit(variable, value, 'holds a control character');
  return path;
}

function parseAuthority(variable: string, rest: string, value: string, remedy = forms) {
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  const userinfo = at < 0 ? undefined : authority.slice(0, at);
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(authority.slice(at + 1)) ?? [];
  const name = parseHost(bracketed ?? plain ?? '', bracketed !== undefined);
  const number = port === undefined ? undefined : parsePort(port);
  if (name === undefined) throw unfit(variable, value, 'has no valid host name', remedy);
  if (port !== undefined && number === undefined) throw unfit(variable, value, 'has no valid port', remedy);
  const host = `${bracketed === undefined ? name : `[${name}]`}${number === undefined ? '' : `:${number}`}`;
  if (path.includes('@')) throw unfit(variable, value, 'has an @ after the host; write it as %40', remedy);
  const foreign = findForeign(path.replaceAll('%', ''));
  if (foreign !== undefined) throw unfit(variable, value, foreign, remedy);
  return { userinfo, host, path };
}

function parseCredentials(
  variable: string,
  userinfo: string | undefined,
  value: string,
): Password | undefined {
  if (userinfo === undefined) return undefined;
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userinfo) ?? [];
  const credentials = { username: decode(username), password: decode(password) };
  const fault = [credentials.username, credentials.password].some(
    (each) => each === undefined || hasControl(each),
  );
  if (fault || !credentials.username)
    throw unfit(variable, value, 'carries a user or password that is not well encoded');
  return { username: credentials.username, password: credentials.password ?? '' };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function unfit(variable: string, value: string, what: string, remedy = forms): SettingsError {
  return invalid(variable, `${variable} is ${quote(value)}: it ${what}.`, remedy);
}
