import { readFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as requestInClear } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { checkServerIdentity, type PeerCertificate, rootCertificates } from 'node:tls';
import { ProxyAgent } from './proxy';

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Milliseconds from the request to the end of the response. */
  readonly timeout: number;
  /** An HTTP proxy for this request, which must be for an http:// URL. */
  readonly proxy?: URL | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Sends a request the way git does: through https_proxy unless no_proxy contains the host, and with the certificates of
 * SSL_CERT_FILE. Throws MirrorError `proxy-refused`, and Error for any other network failure.
 */
export async function sendRequest(
  url: URL,
  { timeout, ...asked }: HttpRequest,
  { env, signal: stop }: { env: Readonly<Record<string, string | undefined>>; signal: AbortSignal },
): Promise<HttpAnswer> {
  stop.throwIfAborted();
  const ending = new AbortController();
  const late = new Error(`no answer for ${timeout / 1_000} s`);
  const timer = setTimeout(() => ending.abort(late), timeout);
  const end = () => ending.abort(stop.reason);
  stop.addEventListener('abort', end);
  try {
    const ca = await readAuthorities(env['SSL_CERT_FILE']);
    return await exchange(url, asked, { env, ca, signal: ending.signal });
  } catch (error) {
    stop.throwIfAborted();
    throw ending.signal.aborted ? late : error;
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', end);
  }
}

interface Way {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly ca: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

function exchange(
  url: URL,
  { method, headers, body = '', proxy }: Omit<HttpRequest, 'timeout'>,
  { env, ca, signal }: Way,
): Promise<HttpAnswer> {
  const isSecure = url.protocol === 'https:';
  const length = body === '' ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
  const options = {
    method,
    headers: { ...headers, ...length, ...(proxy && { Host: url.host }) },
    signal,
    // To a proxy, a request names the whole URL (RFC 9112, 3.2.2).
    ...(proxy && { path: url.href }),
    ...(isSecure && { agent: new ProxyAgent(env), checkServerIdentity: toCheck(url.hostname) }),
    ...(ca && { ca: [...ca] }),
  };
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? request : requestInClear)(proxy ?? url, options, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      text(response).then((answer) => resolve({ status, headers: received, text: answer }), reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** With a proxy, https-proxy-agent would compare the certificate of an IP address with "localhost". */
function toCheck(host: string) {
  return (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate);
}

/** Undefined: Node's own certificates. */
async function readAuthorities(file: string | undefined): Promise<readonly string[] | undefined> {
  return file ? [...rootCertificates, await readFile(file, 'utf8')] : undefined;
}
