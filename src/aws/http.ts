import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ProxyAgent } from '../http/proxy';

/** AWS responds within a second; its clients try three times. */
const milliseconds = 10_000;

/** The request handler of AWS's clients, which do not support proxies themselves. */
export function createRequestHandler(
  env: Readonly<Record<string, string | undefined>> = process.env,
  requestTimeout = milliseconds,
): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: milliseconds,
    requestTimeout,
    // By default the client only warns and keeps waiting.
    throwOnRequestTimeout: true,
    httpsAgent: new ProxyAgent(env),
  });
}
