import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { hangUp } from '../gitServer';
import { toServerEnvironment } from '../repository';

/** One request for git's CGI program. */
export interface BackendRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What git gets of the request's body, where that is not all; it ends early where the connection is cut. */
  readonly body?: Readable;
  /** The part of the request's body that was read already. */
  readonly start: Buffer;
  /** The path below the root: `/<repository>/<service>`. */
  readonly path: string;
  readonly query: string;
  /** Cut the connection when this many bytes of the answer's body have gone out. */
  readonly dropAfterBytes: number | undefined;
  /** Speaks with the hooks of receive-pack, which inherit the other end of this socket as file descriptor 3. */
  serveHooks?(socket: Socket): Promise<void>;
  /** Awaited when git has said all, before the answer ends. */
  beforeEnd(): Promise<void>;
}

export interface Backend extends AsyncDisposable {
  serve(asked: BackendRequest): Promise<void>;
}

/**
 * Serves repositories below `root` with `git http-backend`, under `settings` (`key=value`) of git's configuration.
 * When disposed, every git that it started is gone.
 */
export function openBackend(root: string, settings: readonly string[]): Backend {
  const options = settings.flatMap((setting) => ['-c', setting]);
  const running = new Map<ChildProcess, Promise<unknown>>();
  return {
    async serve(asked) {
      const child = spawn('git', [...options, 'http-backend'], {
        env: { ...toServerEnvironment(), ...toCgiEnvironment(root, asked) },
        // A process group of its own: http-backend is a child of git.
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore', asked.serveHooks === undefined ? 'ignore' : 'pipe'],
      });
      const { stdin, stdout } = child;
      if (stdin === null || stdout === null) throw new Error('git was started without its pipes');
      running.set(child, once(child, 'close'));
      asked.response.on('close', () => leave(child));
      // A git that ends without reading all of the request breaks the pipe; its answer tells.
      stdin.on('error', () => undefined);
      stdin.write(asked.start);
      (asked.body ?? asked.request).pipe(stdin);
      try {
        await Promise.all([serveHooks(child, asked), answer(stdout, asked)]);
      } finally {
        leave(child);
        await running.get(child);
        running.delete(child);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const child of running.keys()) leave(child);
      await Promise.all(running.values());
    },
  };
}

/**
 * A git that has all of the request is left to do it. One that has not changes nothing, and is ended: http-backend
 * would read on for ever at the end of a body that is shorter than its length.
 */
function leave(child: ChildProcess): void {
  const isRunning = child.exitCode === null && child.signalCode === null;
  if (isRunning && child.stdin?.writableEnded !== true && child.pid !== undefined) process.kill(-child.pid);
  hangUp(child);
}

async function serveHooks(child: ChildProcess, asked: BackendRequest): Promise<void> {
  if (asked.serveHooks === undefined) return;
  const socket = child.stdio[3];
  if (!(socket instanceof Socket)) throw new Error('git was started without the socket of its hooks');
  socket.on('error', () => undefined);
  // A hook that outlives git would wait for an answer for ever.
  child.once('exit', () => socket.end());
  await asked.serveHooks(socket);
}

/** The variables of RFC 3875 that `git help http-backend` names. */
function toCgiEnvironment(root: string, { request, path, query }: BackendRequest): Record<string, string> {
  const env: Record<string, string> = {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: request.method ?? 'GET',
    REMOTE_ADDR: '127.0.0.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
  };
  const names = {
    'content-type': 'CONTENT_TYPE',
    'content-length': 'CONTENT_LENGTH',
    'content-encoding': 'HTTP_CONTENT_ENCODING',
    'git-protocol': 'GIT_PROTOCOL',
  };
  for (const [header, name] of Object.entries(names)) {
    const value = request.headers[header];
    if (typeof value === 'string') env[name] = value;
  }
  return env;
}

/** Passes on what the CGI program says: its header becomes the answer's, its body is streamed. */
async function answer(output: Readable, asked: BackendRequest): Promise<void> {
  const { response } = asked;
  let head = Buffer.alloc(0);
  let sent = 0;
  for await (const chunk of readChunks(output)) {
    let body = chunk;
    if (!response.headersSent) {
      head = Buffer.concat([head, chunk]);
      const bodyStart = head.indexOf('\r\n\r\n') + 4;
      if (bodyStart < 4) continue;
      writeHead(response, head.toString('latin1', 0, bodyStart - 4));
      body = head.subarray(bodyStart);
    }
    const room = (asked.dropAfterBytes ?? Number.POSITIVE_INFINITY) - sent;
    await send(response, body.subarray(0, Math.min(room, body.length)));
    sent += body.length;
    if (body.length >= room) return void response.destroy();
  }
  await asked.beforeEnd();
  if (!response.headersSent) response.writeHead(500);
  response.end();
}

async function* readChunks(output: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of output) if (Buffer.isBuffer(chunk)) yield chunk;
}

function writeHead(response: ServerResponse, head: string): void {
  for (const line of head.split('\r\n')) {
    const [, name, value] = /^([^:]+): *(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.flushHeaders();
}

/** Writes, and waits until the client has taken it: a slow client slows git down. A client that is gone is an error. */
function send(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
