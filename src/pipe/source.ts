import { type FaultCollection, findFirst, quote } from '../faults';
import { cutEndSlashes } from '../http/endSlashes';
import { findForeign, isLoopback } from '../remote/address';
import type { HttpProxy, Password, RemoteSettings } from '../remote/settings';
import { parseAuthority, toAuthority } from './destinationUrl';
import type { Variables } from './variables';

/** The proxy of Pipelines, as seen from inside a pipe. */
export const pipelinesProxy = 'http://host.docker.internal:29418';

/** In a pipe the source is the repository of the pipeline, through the proxy of Pipelines, which serves nothing else. */
export function readSource(
  values: Variables,
  httpOrigin: string | undefined,
  usersGit: boolean,
  faults: FaultCollection,
): RemoteSettings | undefined {
  const { SOURCE_URL: given, SOURCE_PROXY: givenProxy } = values;
  const parsed = given === undefined ? undefined : parseSourceUrl(given, faults);
  const { url = httpOrigin, credentials } = parsed ?? {};
  const isPipelines = httpOrigin !== undefined && isSameRepository(url ?? '', httpOrigin);
  const fallback = isPipelines ? { url: pipelinesProxy } : undefined;
  const proxy = givenProxy === undefined ? fallback : parseSourceProxy(givenProxy, faults);
  if (isReadable(url, proxy?.url, credentials)) {
    faults.add(
      'SOURCE_URL',
      'SOURCE_URL is an http:// URL with a user or password, which anyone on the network could read.',
      'Use https://, or remove the login.',
    );
  }
  if (url === undefined) return undefined;
  return {
    url,
    name: url,
    login: credentials === undefined ? { kind: 'none' } : { kind: 'password', ...credentials },
    ...(proxy && { proxy }),
    ...(usersGit && { usersGit }),
  };
}

/** Whether a login would cross a network in clear text. The proxy of Pipelines and hosts on this machine are safe. */
function isReadable(
  url: string | undefined,
  proxy: string | undefined,
  credentials: Password | undefined,
): boolean {
  if (credentials === undefined || !url?.startsWith('http://') || proxy === pipelinesProxy) return false;
  return ![url, proxy].some((each) => each !== undefined && isLoopback(new URL(each).hostname));
}

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
  return faults.add(
    variable,
    `${variable} is ${quote(value)}: ${parsed}.`,
    'Use http://, https:// or ssh:// followed by host and path, file:///path, or the absolute path of a repository on this machine.',
  );
}

/** Gives what is wrong with it as a text. */
function parseForm(value: string): SourceUrl | string {
  const { scheme, rest } = splitScheme(value);
  if (scheme === undefined) return findPathFault(value) ?? { url: value, credentials: undefined };
  if (scheme === 'file') return findPathFault(rest) ?? { url: `file://${rest}`, credentials: undefined };
  const { userinfo, host, path, fault } = parsePlace(rest);
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
  const { userinfo, host, path, fault } = parsePlace(rest);
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
  return faults.add(
    'SOURCE_PROXY',
    `SOURCE_PROXY is ${quote(value)}: ${unfit}.`,
    'Give the proxy as http://<host>:<port>, or remove SOURCE_PROXY to use its default.',
  );
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
function parsePlace(rest: string) {
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  const userinfo = at < 0 ? undefined : authority.slice(0, at);
  const { host: name, port = 0 } = parseAuthority(authority.slice(at + 1));
  const foreign = findForeign(path.replaceAll('%', ''));
  const fault = findFirst([
    [name === undefined, 'it has no valid host name'],
    [Number.isNaN(port), 'it has no valid port'],
    [path.includes('@'), 'it has an @ after the host; write it as %40'],
    [foreign, `it ${foreign}`],
  ]);
  return { userinfo, host: toAuthority({ host: name ?? '', port }, 0), path, fault };
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
