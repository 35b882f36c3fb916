import { globalAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent } from 'agent-base';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { getProxyForUrl } from 'proxy-from-env';

/** Goes through the proxy that HTTPS_PROXY names, unless NO_PROXY names the host, as git and AWS's own tools do. */
class EnvironmentAgent extends Agent {
  override connect(_request: unknown, { host }: { readonly host?: string | undefined }) {
    const proxy = getProxyForUrl(`https://${host}`);
    return proxy === '' ? globalAgent : new HttpsProxyAgent(proxy);
  }
}

/** AWS answers in a second; its clients try three times. */
const milliseconds = 10_000;

/** How AWS's clients, which know no proxy by themselves, make their requests. */
export function createRequestHandler(): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: milliseconds,
    requestTimeout: milliseconds,
    // By itself the client only warns, and waits on.
    throwOnRequestTimeout: true,
    httpsAgent: new EnvironmentAgent(),
  });
}
