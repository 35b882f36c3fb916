import type { ClientRequest } from 'node:http';
import { globalAgent } from 'node:https';
import { Agent } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { proxyRefused } from '../system/errors';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Uses the proxy in https_proxy, unless no_proxy contains the host, as git does. A request that the proxy refuses fails
 * with MirrorError `proxy-refused`; https-proxy-agent would return the proxy's response as the server's.
 */
export class ProxyAgent extends Agent {
  readonly #env: Environment;

  constructor(env: Environment) {
    super();
    this.#env = env;
  }

  override connect(request: ClientRequest, { host = '' }: { readonly host?: string | undefined }) {
    const proxy = findProxy(host, this.#env);
    if (proxy === undefined) return globalAgent;
    request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode !== 200) request.destroy(proxyRefused(`it answered ${statusCode}`));
    });
    return new HttpsProxyAgent(proxy);
  }
}

/** The proxy for a host, by curl's rules: `no_proxy` contains domains, with or without a leading dot, or `*`. */
export function findProxy(host: string, env: Environment): URL | undefined {
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
