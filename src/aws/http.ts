import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ProxyAgent } from '../http/proxy';

/** AWS answers in a second; its clients try three times. */
const milliseconds = 10_000;

/** How AWS's clients, which know no proxy by themselves, make their requests. */
export function createRequestHandler(
  env: Readonly<Record<string, string | undefined>> = process.env,
  requestTimeout = milliseconds,
): NodeHttpHandler {
  return new NodeHttpHandler({
    connectionTimeout: milliseconds,
    requestTimeout,
    // By itself the client only warns, and waits on.
    throwOnRequestTimeout: true,
    httpsAgent: new ProxyAgent(env),
  });
}
