import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type BackendRequest, openBackend } from '../../src/sandbox/https/backend';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { answerInsights, type InsightsReports } from './codeInsights';
import { createBareRepository } from './git';
import { parseCommand, readStart } from './uploadPackRequest';

/** What goes wrong at Bitbucket; set at any time while it runs. */
export interface BitbucketFaults {
  /** Every request is answered with this status. */
  status?: number | undefined;
  /** Every request is answered 200 with this page, as a captive portal answers. */
  page?: string | undefined;
  /**
   * Every connection is reset when it asks for something, and nothing is recorded. Not on accept: whether a client
   * then saw a failed connect or a reset would be a race. A port that refuses is that of a disposed Bitbucket.
   */
  unreachable?: boolean;
  /** Requests are taken and never answered. */
  hang?: boolean;
  /** What asks for Bitbucket's API is answered with this status, or never. */
  insights?: number | 'hang' | undefined;
  /** The connection is cut when this many bytes of a fetch's answer (the pack) have gone out. */
  dropFetchAfterBytes?: number | undefined;
  /** Awaited when refs were listed, before the end of the answer goes out: the world moves on after the look. */
  afterLook?: (() => Promise<void>) | undefined;
  /** Takes the requests of Git LFS's API, of any repository; without it they are refused, as all but git's are. */
  lfs?: ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined;
  /** Awaited before a fetch (not a listing of refs) reaches git. */
  beforeFetch?: (() => Promise<void>) | undefined;
}

/** One request as it came in. */
export interface BitbucketRequest {
  readonly method: string;
  /** The absolute URL that the proxy was asked for. */
  readonly url: string;
  /** `git-upload-pack`, `git-receive-pack`, or whatever else was asked for. */
  readonly service: string | undefined;
  /** The Git-Protocol header, such as `version=2`. */
  readonly protocol: string | undefined;
  /** What a POST asks of upload-pack; known only for requests that reached git. */
  command: 'ls-refs' | 'fetch' | undefined;
}

export interface Bitbucket extends AsyncDisposable {
  /** The proxy's URL, `http://127.0.0.1:<port>`. */
  readonly proxy: string;
  readonly workspace: string;
  readonly faults: BitbucketFaults;
  readonly requests: BitbucketRequest[];
  readonly reports: InsightsReports;
  /** The repository's URL as Pipelines names it: `http://bitbucket.org/<workspace>/<name>`. */
  url(name: string): string;
  /** Where the bare repository stands on disk, made or not. */
  path(name: string): string;
  /** Makes a bare repository without a commit; gives its path. */
  createRepository(name: string): Promise<string>;
}

export interface BitbucketOptions {
  /** The folder below which the repositories stand, as `<workspace>/<name>.git`. */
  readonly root: string;
  readonly workspace?: string;
}

/**
 * Opens a Bitbucket of our own: an HTTP forward proxy on loopback that serves `http://bitbucket.org/<workspace>/<name>`
 * with git itself, reading only, as the proxy of Pipelines does. Another host is answered 403, a tunnel 405,
 * a push 403.
 */
export async function openBitbucket(options: BitbucketOptions): Promise<Bitbucket> {
  const workspace = options.workspace ?? 'acme';
  const faults: BitbucketFaults = {};
  const requests: BitbucketRequest[] = [];
  const reports: InsightsReports = new Map();
  const backend = openBackend(
    options.root,
    ['safe.directory=*', 'gc.auto=0', 'maintenance.auto=false'],
    ['git-upload-pack'],
  );
  const server = createServer((request, response) => {
    if (faults.unreachable === true) return void request.socket.resetAndDestroy();
    const seen = toBitbucketRequest(request);
    requests.push(seen);
    answer({ request, response, seen, faults, workspace, reports, serve: backend.serve }).catch(
      (error: Error) => response.destroy(error),
    );
  });
  server.on('connect', (request, socket) => {
    requests.push(toBitbucketRequest(request));
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  const path = (name: string) => join(options.root, workspace, `${name}.git`);
  await mkdir(join(options.root, workspace), { recursive: true });
  const proxy = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  return {
    proxy,
    workspace,
    faults,
    requests,
    reports,
    url: (name) => `http://bitbucket.org/${workspace}/${name}`,
    path,
    // Bitbucket serves the tips of refs that it hides, but not any object.
    createRepository: (name) => createBareRepository(path(name), { 'uploadpack.allowTipSHA1InWant': 'true' }),
    async [Symbol.asyncDispose]() {
      await close(server);
      await backend[Symbol.asyncDispose]();
    },
  };
}

function toBitbucketRequest(request: IncomingMessage): BitbucketRequest {
  const url = request.url ?? '';
  const protocol = request.headers['git-protocol'];
  return {
    method: request.method ?? '',
    url,
    service: /(?:[?&]service=|\/)(git-[a-z-]+)$/.exec(url)?.[1],
    protocol: typeof protocol === 'string' ? protocol : undefined,
    command: undefined,
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: BitbucketRequest;
  readonly faults: BitbucketFaults;
  readonly workspace: string;
  readonly reports: InsightsReports;
  serve(asked: BackendRequest): Promise<void>;
}

/** The proxy of Pipelines serves reports of the same repository, too. */
async function answerApi({ faults, request, response, workspace, reports }: Exchange): Promise<boolean> {
  if (faults.insights === 'hang') return true;
  if (faults.insights === undefined) return await answerInsights(request, response, workspace, reports);
  refuse(request, response, faults.insights);
  return true;
}

async function answer(exchange: Exchange): Promise<void> {
  const { faults, request, response, seen } = exchange;
  if (faults.hang === true) return;
  if (faults.lfs !== undefined && /\.git\/info\/lfs\//.test(seen.url))
    return await faults.lfs(request, response);
  if (faults.page !== undefined)
    return void response.writeHead(200, { 'Content-Type': 'text/html' }).end(faults.page);
  if (seen.url.startsWith('http://api.bitbucket.org/') && (await answerApi(exchange))) return;
  const refusal = faults.status ?? planRefusal(seen);
  if (refusal !== undefined) return refuse(request, response, refusal);
  const url = new URL(seen.url);
  const path = parseRepositoryPath(url.pathname, exchange.workspace);
  if (path === undefined) return refuse(request, response, 404);
  const start = request.method === 'POST' ? await readStart(request) : Buffer.alloc(0);
  seen.command = parseCommand(start, request.headers['content-encoding']);
  const fetches = seen.command === 'fetch';
  if (fetches) await faults.beforeFetch?.();
  await exchange.serve({
    request,
    response,
    start,
    path,
    query: url.search.slice(1),
    dropAfterBytes: fetches ? faults.dropFetchAfterBytes : undefined,
    beforeEnd: async () => {
      if (isLook(seen)) await faults.afterLook?.();
    },
  });
}

/** With protocol version 2 the refs are listed by a command of their own, before it by the first answer. */
function isLook(seen: BitbucketRequest): boolean {
  if (seen.protocol?.includes('version=2') === true) return seen.command === 'ls-refs';
  return seen.method === 'GET';
}

function planRefusal(seen: BitbucketRequest): number | undefined {
  if (!/^http:\/\/bitbucket\.org(:80)?\//.test(seen.url)) return 403;
  if (seen.method !== 'GET' && seen.method !== 'POST') return 405;
  return seen.service === 'git-upload-pack' ? undefined : 403;
}

/** Maps the path of a URL onto the path below the root, `.git` or not; undefined where it is no repository's. */
function parseRepositoryPath(pathname: string, workspace: string): string | undefined {
  const match = /^\/([^/]+)\/([A-Za-z0-9_][A-Za-z0-9._-]*?)(?:\.git)?\/(info\/refs|git-upload-pack)$/.exec(
    pathname,
  );
  return match?.[1] === workspace ? `/${workspace}/${match[2]}.git/${match[3]}` : undefined;
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  request.resume();
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="Bitbucket.org HTTP"');
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status}\n`);
}

/** Ends the server and every connection; twice is once. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
