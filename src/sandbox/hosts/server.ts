import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { openBackend } from '../https/backend';
import { listenOnLoopback } from '../loopback';
import { createRepositoryStore, type RepositoryStore, type StoredRepository } from './repositories';

/** Something that goes wrong at a host, each time or so many times. The first one in the list that fits is taken. */
export interface HostFault {
  /** Matched against `GET /path?query`. Default: every request of the API. */
  readonly when?: RegExp;
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: always. */
  times?: number;
  /** The connection is reset. */
  readonly resets?: boolean;
  /** The request is taken and never answered. */
  readonly hangs?: boolean;
  /** Awaited before the answer: a slow host. */
  readonly until?: () => Promise<unknown>;
  /** Done before the answer: somebody else is at work too. Without `status` the real answer follows. */
  readonly meanwhile?: () => void;
}

/** A token of the fake. */
export interface HostToken {
  readonly user: string;
  scopes: readonly string[];
  isExpired?: boolean;
  /** Single sign-on of the organisation: `required` refuses, `partial` leaves rows out. */
  sso?: 'required' | 'partial' | undefined;
}

/** One request of the API. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** JSON, or undefined. */
  readonly body: Record<string, unknown> | undefined;
  /** Undefined: the request came without one, or with one that is unknown. */
  readonly token: HostToken | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How one kind of host answers. */
export interface HostKindServer {
  /** The text of the token in the headers of a request to the API. */
  readToken(headers: IncomingHttpHeaders): string | undefined;
  answer(asked: Asked): Answer;
  /** The repository that a path of git means, and the rest of the path: `/info/refs`. */
  parseGitPath(pathname: string): { owner: string; name: string; rest: string } | undefined;
  /** Whether git comes with a login that the host takes. */
  isLogin(headers: IncomingHttpHeaders): boolean;
  toError(status: number, message: string): unknown;
}

export interface HostServer extends AsyncDisposable {
  /** Of the web pages: `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly repositories: RepositoryStore;
  /** By their text. */
  readonly tokens: Map<string, HostToken>;
  readonly faults: HostFault[];
  /** Requests of the API in their order: `GET /path?query`. */
  readonly requests: string[];
  /** Requests of git: `GET /acme/app.git/info/refs?service=git-upload-pack`. */
  readonly gitRequests: string[];
  /** At most this many rows a page, whatever is asked for. */
  pageSize: number;
  /** The greatest number of requests of the API that were under way at the same time. */
  peak: number;
}

export interface HostServerOptions {
  /** Folder of the bare repositories. Without it there is no git behind the clone URLs. */
  readonly root?: string;
  /** PEM: with it the host speaks https. */
  readonly certificate?: { readonly key: string; readonly cert: string };
}

/** Opens a host's fake on loopback: its API, and git behind its clone URLs. */
export async function openHostServer(
  { root, certificate }: HostServerOptions,
  toKind: (server: HostServer) => HostKindServer,
): Promise<HostServer> {
  const settings = ['safe.directory=*', 'gc.auto=0', 'maintenance.auto=false'];
  const backend = openBackend(root ?? '/nonexistent', settings);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).catch((error: Error) => response.destroy(error));
  };
  const listener = certificate ? createSecureServer(certificate, onRequest) : createServer(onRequest);
  const url = `${certificate ? 'https' : 'http'}://127.0.0.1:${await listenOnLoopback(listener)}`;
  const server: HostServer = {
    url,
    repositories: createRepositoryStore(root),
    tokens: new Map(),
    faults: [],
    requests: [],
    gitRequests: [],
    pageSize: 100,
    peak: 0,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      });
      await backend[Symbol.asyncDispose]();
    },
  };
  const kind = toKind(server);
  let running = 0;
  return server;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? '', url);
    const place = kind.parseGitPath(asked.pathname);
    if (place !== undefined) return await serveGit({ request, response, url: asked, place });
    running += 1;
    server.peak = Math.max(server.peak, running);
    try {
      await serveApi(request, response, asked);
    } finally {
      running -= 1;
    }
  }

  async function serveApi(request: IncomingMessage, response: ServerResponse, asked: URL): Promise<void> {
    const body = await text(request);
    const call = `${request.method} ${asked.pathname}${asked.search}`;
    server.requests.push(call);
    const fault = takeFault(server.faults, call);
    fault?.meanwhile?.();
    if (fault?.resets === true) return void request.socket.resetAndDestroy();
    if (fault?.hangs === true) return;
    await fault?.until?.();
    const token = server.tokens.get(kind.readToken(request.headers) ?? '');
    const isFaulty = fault?.status !== undefined;
    const answer = isFaulty
      ? {
          ...fault,
          status: fault.status,
          body: fault.body ?? kind.toError(fault.status, 'Something is wrong.'),
        }
      : kind.answer({
          method: request.method ?? '',
          url: asked,
          headers: request.headers,
          body: body === '' ? undefined : JSON.parse(body),
          token,
        });
    const content = answer.body === undefined ? undefined : JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers }).end(content);
  }

  async function serveGit({ request, response, url: asked, place }: GitExchange): Promise<void> {
    server.gitRequests.push(`${request.method} ${asked.pathname}${asked.search}`);
    const refuse = (status: number, headers: Record<string, string> = {}) => {
      request.resume();
      response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(`${status}\n`);
    };
    if (!kind.isLogin(request.headers)) return refuse(401, { 'WWW-Authenticate': 'Basic realm="git"' });
    const { owner, name, rest } = place;
    const moved = server.repositories.findMoved(owner, name);
    const repository = server.repositories.find(owner, name);
    if (repository === undefined && moved !== undefined) {
      const target = asked.pathname.replace(`${owner}/${name}`, `${moved.owner}/${moved.name}`);
      return refuse(301, { Location: `${url}${target}${asked.search}` });
    }
    if (repository === undefined) return refuse(404);
    const writes = `${rest}${asked.search}`.includes('git-receive-pack');
    if (writes && repository.isArchived) return refuse(403);
    await server.repositories.path(repository);
    await backend.serve({
      request,
      response,
      start: Buffer.alloc(0),
      path: `/${repository.id}${rest}`,
      query: asked.search.slice(1),
      dropAfterBytes: undefined,
      beforeEnd: async () => noteChange(repository, writes && request.method === 'POST'),
    });
  }
}

interface GitExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly place: { readonly owner: string; readonly name: string; readonly rest: string };
}

function noteChange(repository: StoredRepository, isPush: boolean): void {
  if (isPush) repository.changedAt = new Date(Math.max(Date.now(), repository.changedAt.getTime() + 1_000));
}

function takeFault(faults: readonly HostFault[], call: string): HostFault | undefined {
  const fault = faults.find(({ when, times }) => times !== 0 && (when === undefined || when.test(call)));
  if (fault?.times !== undefined) fault.times -= 1;
  return fault;
}

/** The user name and the password of a Basic login. */
export function readBasic({
  authorization = '',
}: IncomingHttpHeaders): { user: string; password: string } | undefined {
  const [, encoded] = /^Basic (\S+)$/i.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const [, user = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return { user, password };
}

export function readBearer({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return /^(?:Bearer|token) (\S+)$/i.exec(authorization)?.[1];
}
