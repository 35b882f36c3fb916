import { globalAgent } from 'node:https';
import { Agent } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';

type Environment = Readonly<Record<string, string | undefined>>;

/** Goes through the proxy that https_proxy names, unless no_proxy names the host, as git does. */
export class ProxyAgent extends Agent {
  readonly #env: Environment;

  constructor(env: Environment) {
    super();
    this.#env = env;
  }

  override connect(_request: unknown, { host = '' }: { readonly host?: string | undefined }) {
    const proxy = findProxy(host, this.#env);
    return proxy === undefined ? globalAgent : new HttpsProxyAgent(proxy);
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
