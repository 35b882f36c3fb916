import { createServer } from 'node:https';
import { join } from 'node:path';
import { openBackend } from '../../src/sandbox/https/backend';
import { type Certificate, createCertificate } from '../../src/sandbox/https/certificate';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { createBareRepository } from './git';

/** A git host over HTTPS that knows a login, as GitHub and GitLab do. */
export interface TokenHost extends AsyncDisposable {
  readonly certificate: Certificate;
  /** `https://127.0.0.1:<port>/<name>.git` */
  url(name: string): string;
  /** Makes an empty bare repository; gives its path. */
  createRepository(name: string): Promise<string>;
  /** Every `Authorization` that was sent, each once, and whether a header of the user's configuration came along. */
  readonly authorizations: ReadonlySet<string>;
}

/** `authorization` is the one header that it accepts: `Basic …` or `Bearer …`. */
export async function openTokenHost(root: string, authorization: string): Promise<TokenHost> {
  const certificate = createCertificate();
  const backend = openBackend(root, []);
  const authorizations = new Set<string>();
  const server = createServer({ ...certificate }, (request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'https://host');
    const sent = request.headers.authorization;
    if (sent !== undefined) authorizations.add(sent);
    if (request.headers['x-ambient'] !== undefined) authorizations.add('X-Ambient');
    if (sent !== authorization) {
      request.resume();
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const asked = { request, response, start: Buffer.alloc(0), path: pathname, query: search.slice(1) };
    backend
      .serve({ ...asked, dropAfterBytes: undefined, beforeEnd: async () => undefined })
      .catch((error: Error) => response.destroy(error));
  });
  const port = await listenOnLoopback(server);
  return {
    certificate,
    url: (name) => `https://127.0.0.1:${port}/${name}.git`,
    createRepository: (name) => createBareRepository(join(root, `${name}.git`)),
    authorizations,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await backend[Symbol.asyncDispose]();
    },
  };
}

export function toBasic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
