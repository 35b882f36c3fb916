import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** HTTPS in front of a server, which notes the login of every request. */
export interface HttpsFront extends AsyncDisposable {
  readonly host: string;
  /** User names of HTTP's Basic scheme, each once. */
  readonly users: Set<string>;
}

export interface HttpsFrontOptions {
  /** PEM. */
  readonly certificate: { readonly key: string; readonly cert: string };
  /** `host:port` of the server behind, whatever its certificate; undefined: everything is answered 404. */
  readonly onward: string | undefined;
  /** A status in place of the answer of the server behind, once the whole request has come. */
  readonly refuse?: (request: IncomingMessage) => number | undefined;
}

export async function openHttpsFront({
  certificate,
  onward,
  refuse,
}: HttpsFrontOptions): Promise<HttpsFront> {
  const users = new Set<string>();
  function answer(incoming: IncomingMessage, response: ServerResponse) {
    const { authorization } = incoming.headers;
    const [, encoded = ''] = /^Basic (\S+)$/.exec(authorization ?? '') ?? [];
    if (authorization !== undefined)
      users.add(Buffer.from(encoded, 'base64').toString().split(':')[0] || authorization);
    const status = onward === undefined ? 404 : refuse?.(incoming);
    if (status !== undefined) {
      incoming.resume().on('end', () => response.writeHead(status, { 'Content-Type': 'text/plain' }).end());
      return;
    }
    const { method = 'GET', url = '/', headers } = incoming;
    const asked = request(
      `https://${onward}${url}`,
      { method, headers, rejectUnauthorized: false },
      (got) => {
        response.writeHead(got.statusCode ?? 500, got.headers);
        got.pipe(response);
      },
    );
    asked.on('error', (error) => response.destroy(error));
    incoming.pipe(asked);
  }
  const server = createServer(certificate, answer);
  const port = await listenOnLoopback(server);
  return {
    host: `127.0.0.1:${port}`,
    users,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
