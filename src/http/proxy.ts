import type { ClientRequest } from 'node:http';
import { globalAgent } from 'node:https';
import { Agent } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { proxyRefused } from '../system/errors';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Goes through the proxy that https_proxy names, unless no_proxy names the host, as git does. A request that the proxy
 * does not let through fails with MirrorError `proxy-refused`: https-proxy-agent would give its answer for the server's.
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

/** The proxy for a host, as curl finds it: `no_proxy` holds domains, with or without a dot before them, or `*`. */
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
