import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ProxyAgent } from '../http/proxy';

/** AWS responds within a second; its clients try three times. */
const milliseconds = 10_000;

/** The request handler of AWS's clients, which do not support proxies themselves. `signal` aborts every request. */
export function createRequestHandler(
  env: Readonly<Record<string, string | undefined>> = process.env,
  requestTimeout = milliseconds,
  signal?: AbortSignal,
): NodeHttpHandler {
  const handler = new NodeHttpHandler({
    connectionTimeout: milliseconds,
    requestTimeout,
    // By default the client only warns and keeps waiting.
    throwOnRequestTimeout: true,
    httpsAgent: new ProxyAgent(env),
  });
  if (signal === undefined) return handler;
  const handle = handler.handle.bind(handler);
  return Object.assign(handler, {
    handle: ((request, options) => handle(request, { ...options, abortSignal: signal })) as typeof handle,
  });
}
