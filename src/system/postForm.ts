import { readFile } from 'node:fs/promises';
import { type RequestOptions, request as requestInClear } from 'node:http';
import { request } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, rootCertificates } from 'node:tls';
import type { Context } from '../context';
import { proxyRefused } from '../git/errors';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const answerMilliseconds = 10_000;

/**
 * Posts a form, by the ways that git goes too: through https_proxy unless no_proxy names the host, trusting the
 * certificates of SSL_CERT_FILE. Throws MirrorError `proxy-refused`, and Error for any other failure of the network.
 */
export async function postForm(
  url: URL,
  form: URLSearchParams,
  { env, signal: stop }: Pick<Context, 'env' | 'signal'>,
): Promise<HttpAnswer> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), answerMilliseconds);
  try {
    return await post(url, form, { env, signal: AbortSignal.any([stop, limit.signal]) });
  } catch (error) {
    throw limit.signal.aborted ? new Error(`no answer within ${answerMilliseconds / 1000} s`) : error;
  } finally {
    clearTimeout(timer);
  }
}

async function post(
  url: URL,
  form: URLSearchParams,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<HttpAnswer> {
  const body = form.toString();
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': Buffer.byteLength(body),
  };
  const options = { method: 'POST', headers, signal };
  if (url.protocol === 'http:') return await send(requestInClear, url, options, body);
  const proxy = findProxy(url.hostname, env);
  const socket = proxy && (await openTunnel(proxy, url, signal));
  const ca = await readAuthorities(env);
  const { hostname: host } = url;
  // RFC 6066, 3: an IP address is no name of a server.
  const servername = isIP(host) ? {} : { servername: host };
  const createConnection = () =>
    connect({ host, port: toPort(url), ca, ...servername, ...(socket && { socket }) });
  return await send(request, url, { ...options, createConnection }, body);
}

async function send(
  start: typeof request,
  url: URL,
  options: RequestOptions,
  body: string,
): Promise<HttpAnswer> {
  return await new Promise((resolve, reject) => {
    const sent = start(url, options, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The proxy for a host, as curl finds it: `no_proxy` holds domains, with or without a dot before them, or `*`. */
export function findProxy(host: string, env: Context['env']): URL | undefined {
  const proxy = env['https_proxy'] || env['HTTPS_PROXY'];
  const direct = (env['no_proxy'] || env['NO_PROXY'] || '')
    .split(/[\s,]+/)
    .map((name) => name.replace(/^\./, ''));
  const isDirect = direct.some(
    (name) => name === '*' || name === host || (name !== '' && host.endsWith(`.${name}`)),
  );
  if (!proxy || isDirect) return undefined;
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

/** Asks a proxy for a connection to the host of `url` (RFC 9110, 9.3.6). */
function openTunnel(proxy: URL, url: URL, signal: AbortSignal): Promise<Socket> {
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = proxy.username
    ? { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` }
    : {};
  const path = `${url.hostname}:${toPort(url)}`;
  return new Promise((resolve, reject) => {
    const start = proxy.protocol === 'https:' ? request : requestInClear;
    const { hostname, port } = proxy;
    const asked = start({ hostname, port, method: 'CONNECT', path, headers, signal, agent: false });
    asked.on('connect', ({ statusCode }, socket: Socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(proxyRefused(`${proxy.host} answered ${statusCode}`));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function toPort({ port }: URL): number {
  return Number(port || 443);
}

/** Undefined: those that Node brings. */
async function readAuthorities(env: Context['env']): Promise<string[] | undefined> {
  const file = env['SSL_CERT_FILE'];
  return file ? [...rootCertificates, await readFile(file, 'utf8')] : undefined;
}
