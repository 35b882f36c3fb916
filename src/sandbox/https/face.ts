import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type Readable, Transform } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { AwsKeys } from '../../aws/identity';
import type { SandboxCounts } from '../counts';
import type { SandboxFaults } from '../faults';
import { finishPush, serverSettings } from '../gitServer';
import { listenOnLoopback } from '../loopback';
import { answerReceiveHooks, type PushedRef, writeReceiveHooks } from '../receive-hooks';
import { readRepositoryPath } from '../repository';
import { openBackend } from './backend';
import { createLoginChecker } from './logins';

export interface HttpsFaceOptions {
  /** The folder of the bare repositories; it may be that of a sandbox over SSH. */
  readonly root: string;
  /** PEM. */
  readonly certificate: { readonly key: string; readonly cert: string };
  /** Read at each use, and counted into: those of a sandbox over SSH make one server of the two. */
  readonly faults: SandboxFaults;
  readonly counts: SandboxCounts;
  readonly region?: string;
}

/** CodeCommit over HTTPS, on 127.0.0.1. Disposing of it ends its connections and processes. */
export interface HttpsFace extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  /** The passwords that were accepted, each once, in their order. */
  readonly passwords: readonly string[];
  /** `GET info/refs`, `POST git-receive-pack`; `anonymous` before those without a login. */
  readonly requests: readonly string[];
  /** Accepts logins that are signed with these keys. */
  allow(keys: AwsKeys): void;
  /** Every login that was signed before this moment counts as expired. */
  expireLogins(before: Date): void;
}

interface Face {
  readonly requests: string[];
  readonly options: HttpsFaceOptions;
  readonly backend: ReturnType<typeof openBackend>;
  readonly logins: ReturnType<typeof createLoginChecker>;
}

/** Opens the HTTPS face of our CodeCommit: signatures are checked, and git does the rest. */
export async function openHttpsFace(options: HttpsFaceOptions): Promise<HttpsFace> {
  const hooks = await writeReceiveHooks();
  const settings = [...serverSettings, `core.hooksPath=${hooks}`];
  const backend = openBackend(options.root, settings);
  const logins = createLoginChecker(options.region ?? 'us-east-1', Date.now);
  const face = { requests: [], options, backend, logins };
  const server = createServer({ ...options.certificate }, (request, response) => {
    answer(face, request, response).catch((error: Error) => response.destroy(error));
  });
  server.on('connection', () => {
    options.counts.connections += 1;
  });
  const port = await listenOnLoopback(server);
  return {
    host: `127.0.0.1:${port}`,
    passwords: logins.passwords,
    requests: face.requests,
    allow: logins.allow,
    expireLogins: logins.expire,
    async [Symbol.asyncDispose]() {
      await close(server);
      await backend[Symbol.asyncDispose]();
      await rm(hooks, { recursive: true, force: true });
    },
  };
}

async function answer(face: Face, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options, logins, backend } = face;
  const { faults } = options;
  await setTimeout(2 * (faults.latencyMs ?? 0));
  const url = new URL(request.url ?? '/', 'https://codecommit');
  const [, path = '', service = ''] =
    /^(.+?)\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname) ?? [];
  const { authorization, host = '' } = request.headers;
  face.requests.push(`${authorization === undefined ? 'anonymous ' : ''}${request.method} ${service}`);
  if (authorization === undefined) return refuse(request, response, 401);
  if (faults.refuseKeys === true || !logins.check(authorization, { host, path }))
    return refuse(request, response, 403);
  const repository = await readRepositoryPath(options.root, path);
  if (repository === undefined) return refuse(request, response, 404);
  const query = url.search.slice(1);
  if (query === 'service=git-receive-pack') await faults.beforeAdvertise?.();
  // git tries with an empty request whether a login is accepted, before it sends a large push.
  const isPush = service === 'git-receive-pack' && request.headers['content-length'] !== '4';
  if (isPush) options.counts.pushes += 1;
  if (isPush) await faults.beforeReceive?.();
  let pushed: Promise<readonly PushedRef[]> | undefined;
  await backend.serve({
    request,
    response,
    ...(isPush && faults.dropAfterBytes && { body: cutAfter(request, faults.dropAfterBytes) }),
    start: Buffer.alloc(0),
    path: `${path.replace('/v1/repos', '')}/${service}`,
    query,
    dropAfterBytes: undefined,
    async serveHooks(socket) {
      pushed = answerReceiveHooks(socket, faults);
      await pushed;
    },
    beforeEnd: async () => await finishPush(repository, (await pushed) ?? []),
  });
}

/** The body of a request, cut off together with the connection after this many bytes. */
function cutAfter(request: IncomingMessage, limit: number): Readable {
  let received = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      this.push(chunk.subarray(0, limit - received));
      received += chunk.length;
      // The stream is not ended, because git would take what it has for the whole.
      if (received >= limit) request.socket.destroy();
      else done();
    },
  });
  return request.pipe(body);
}

/** CodeCommit asks for a login with 401, and refuses one with 403. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number): void {
  request.resume();
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="AWS CodeCommit"');
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${status}\n`);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
