import { type FaultCollection, findFirst, quote } from '../faults';
import { cutEndSlashes } from '../http/endSlashes';
import { findForeign, parseHost, parsePort } from '../remote/address';
import type { HttpProxy, Password } from '../remote/settings';

export interface SourceUrl {
  /** Without credentials. */
  readonly url: string;
  readonly credentials: Password | undefined;
}

/** Parses SOURCE_URL, or `variable` in the same forms. The user and password of http(s) are split off. */
export function parseSourceUrl(
  value: string,
  faults: FaultCollection,
  variable = 'SOURCE_URL',
): SourceUrl | undefined {
  const parsed = parseForm(value);
  if (typeof parsed !== 'string') return parsed;
  return faults.add({
    variable,
    message: `${variable} is ${quote(value)}: ${parsed}.`,
    remedy:
      'Use http://, https:// or ssh:// followed by host and path, file:///path, or the absolute path of a repository on this machine.',
  });
}

/** Gives what is wrong with it as a text. */
function parseForm(value: string): SourceUrl | string {
  const { scheme, rest } = splitScheme(value);
  if (scheme === undefined) return findPathFault(value) ?? { url: value, credentials: undefined };
  if (scheme === 'file') return findPathFault(rest) ?? { url: `file://${rest}`, credentials: undefined };
  const { userinfo, host, path, fault } = parseAuthority(rest);
  const ssh = scheme === 'ssh';
  const credentials = ssh ? undefined : parseCredentials(userinfo);
  const unfit =
    findFirst([[!/^(https?|ssh)$/.test(scheme), 'it has an unsupported scheme']]) ??
    fault ??
    findFirst([
      [!/^\/[\w.~+=,:%/-]+$/.test(path), 'it has no valid path'],
      [ssh && userinfo?.includes(':'), 'it contains a password, which SSH cannot use'],
      [ssh && userinfo !== undefined && !/^\w[\w.+-]*$/.test(userinfo), 'it has no valid user name'],
      [credentials === 'unfit', badlyEncoded],
    ]);
  if (unfit !== undefined || credentials === 'unfit') return unfit ?? badlyEncoded;
  const user = ssh && userinfo !== undefined ? `${userinfo}@` : '';
  return { url: `${scheme}://${user}${host}${path}`, credentials };
}

/** Schemes that git can use for a proxy (git-config, http.proxy; curl's CURLOPT_PROXY). */
const proxySchemes = /^(https?|socks4a?|socks5h?)$/;

/** Parses SOURCE_PROXY. The user and password are split off. */
export function parseSourceProxy(value: string, faults: FaultCollection): HttpProxy | undefined {
  const { scheme = '', rest } = splitScheme(value);
  const { userinfo, host, path, fault } = parseAuthority(rest);
  const login = parseCredentials(userinfo);
  const unfit =
    findFirst([[!proxySchemes.test(scheme), 'it is not the URL of a proxy']]) ??
    fault ??
    findFirst([
      [path !== '' && path !== '/', 'a proxy has no path'],
      [login === 'unfit', badlyEncoded],
    ]);
  if (unfit === undefined && login !== 'unfit')
    return { url: `${scheme}://${host}`, ...(login && { login }) };
  return faults.add({
    variable: 'SOURCE_PROXY',
    message: `SOURCE_PROXY is ${quote(value)}: ${unfit}.`,
    remedy: 'Give the proxy as http://<host>:<port>, or remove SOURCE_PROXY to use its default.',
  });
}

/** Whether two http(s) URLs name the same repository: git servers accept them with and without `.git`. */
export function isSameRepository(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => cutEndSlashes(url).replace(/\.git$/, ''));
  return a === b;
}

function splitScheme(value: string): { scheme: string | undefined; rest: string } {
  const [, scheme, rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(value) ?? [];
  return { scheme: scheme?.toLowerCase(), rest };
}

/** git's transport helpers (ext::, fd::) run programs, so only an absolute path counts as a path. */
function findPathFault(path: string): string | undefined {
  return findFirst([
    [!path.startsWith('/') || path.startsWith('//'), 'it is neither a URL nor an absolute path'],
    [hasControl(path), 'it contains a control character'],
  ]);
}

/** `[userinfo@]host[:port][path]`; the host in lower case, with its port. */
function parseAuthority(rest: string) {
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  const userinfo = at < 0 ? undefined : authority.slice(0, at);
  const [, bracketed, plain = '', port] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(authority.slice(at + 1)) ?? [];
  const name = parseHost(bracketed ?? plain, bracketed !== undefined);
  const number = port === undefined ? undefined : parsePort(port);
  const foreign = findForeign(path.replaceAll('%', ''));
  const fault = findFirst([
    [name === undefined, 'it has no valid host name'],
    [port !== undefined && number === undefined, 'it has no valid port'],
    [path.includes('@'), 'it has an @ after the host; write it as %40'],
    [foreign, `it ${foreign}`],
  ]);
  const host = `${bracketed === undefined ? name : `[${name}]`}${number === undefined ? '' : `:${number}`}`;
  return { userinfo, host, path, fault };
}

const badlyEncoded = 'it contains a user or password that is not correctly encoded';

function parseCredentials(userinfo: string | undefined): Password | 'unfit' | undefined {
  if (userinfo === undefined) return undefined;
  const [, user = '', secret = ''] = /^([^:]*):?(.*)$/s.exec(userinfo) ?? [];
  const [username, password] = [decode(user), decode(secret)];
  return username && password !== undefined ? { username, password } : 'unfit';
}

/** Undefined if the text is not correctly encoded, or hides a control character. */
function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text);
    return hasControl(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
