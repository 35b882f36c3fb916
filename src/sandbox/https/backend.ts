import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { flushPacket, toPacket } from '../../git/pktLine';
import { hangUp, toHookSocket } from '../gitServer';
import { toServerEnvironment } from '../repository';

/** One request of git's smart HTTP protocol. */
export interface BackendRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What git gets instead of the whole body of the request; it ends early if the connection is cut. */
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
  /** Awaited at the end of git's output, before the answer ends. */
  beforeEnd(): Promise<void>;
}

const services = ['git-upload-pack', 'git-receive-pack'] as const;
type Service = (typeof services)[number];

/** What a request wants: the list of refs of a service, or the service. */
interface Wanted {
  readonly service: Service;
  readonly isListing: boolean;
  readonly repository: string;
}

/**
 * Serves repositories below `root`, under `settings` (`key=value`) of git's configuration, with the two services of git
 * itself (gitprotocol-http(5)); git's own http-backend is missing from some packages of git. When disposed, every git that
 * it started is gone.
 */
export function openBackend(
  root: string,
  settings: readonly string[],
  allowed: readonly Service[] = services,
) {
  const options = settings.flatMap((setting) => ['-c', setting]);
  const running = new Map<ChildProcess, Promise<unknown>>();
  return {
    async serve(asked: BackendRequest): Promise<void> {
      const wanted = await readWanted(root, asked);
      if (wanted === undefined) return refuse(asked, 404);
      if (!allowed.includes(wanted.service)) return refuse(asked, 403);
      const child = start(options, wanted, asked);
      running.set(child, once(child, 'close'));
      asked.response.on('close', () => leave(child));
      try {
        await Promise.all([serveHooks(child, asked), answer(child, wanted, asked)]);
      } finally {
        leave(child);
        await running.get(child);
        running.delete(child);
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const child of running.keys()) leave(child);
      await Promise.all(running.values());
    },
  };
}

/** Undefined for a request that is not of the smart protocol, or for an unknown repository. */
async function readWanted(
  root: string,
  { path, query, request }: BackendRequest,
): Promise<Wanted | undefined> {
  const [, place = '', end = ''] =
    /^(\/.+)\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(decodeURIComponent(path)) ?? [];
  const isListing = end === 'info/refs';
  const name = isListing ? new URLSearchParams(query).get('service') : end;
  const service = services.find((each) => each === name);
  if (service === undefined || request.method !== (isListing ? 'GET' : 'POST')) return undefined;
  const repository = await findRepository(root, place);
  return repository === undefined ? undefined : { service, isListing, repository };
}

async function findRepository(root: string, place: string): Promise<string | undefined> {
  for (const ending of ['', '.git', '/.git']) {
    const repository = join(root, `${place}${ending}`);
    const isThere = access(join(repository, 'HEAD')).then(() => repository.startsWith(root + sep));
    if (await isThere.catch(() => false)) return repository;
  }
  return undefined;
}

function refuse({ request, response }: BackendRequest, status: number): void {
  request.resume();
  response.writeHead(status).end();
}

function start(options: readonly string[], wanted: Wanted, asked: BackendRequest): ChildProcess {
  const { service, isListing, repository } = wanted;
  const command = [service.slice(4), '--stateless-rpc', ...(isListing ? ['--advertise-refs'] : [])];
  const protocol = asked.request.headers['git-protocol'];
  const child = spawn('git', [...options, ...command, repository], {
    env: { ...toServerEnvironment(), ...(typeof protocol === 'string' && { GIT_PROTOCOL: protocol }) },
    // A process group of its own: git starts others.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', asked.serveHooks === undefined ? 'ignore' : 'pipe'],
  });
  const { stdin } = child;
  if (stdin === null) throw new Error('git was started without its pipes');
  // A git that ends without reading the whole request breaks the pipe; its answer has the reason.
  stdin.on('error', () => undefined);
  const body = asked.body ?? asked.request;
  const isPacked = asked.request.headers['content-encoding'] === 'gzip';
  const target = isPacked ? createGunzip().on('error', () => child.kill()) : stdin;
  if (target !== stdin) target.pipe(stdin);
  target.write(asked.start);
  body.pipe(target);
  return child;
}

/** A git that has the whole request completes it. Any other has changed nothing and would wait forever, so it is ended. */
function leave(child: ChildProcess): void {
  const isRunning = child.exitCode === null && child.signalCode === null;
  if (isRunning && child.stdin?.writableEnded !== true && child.pid !== undefined) process.kill(-child.pid);
  hangUp(child);
}

async function serveHooks(child: ChildProcess, asked: BackendRequest): Promise<void> {
  if (asked.serveHooks === undefined) return;
  await asked.serveHooks(toHookSocket(child));
}

/** Streams the output of git. */
async function answer(child: ChildProcess, wanted: Wanted, asked: BackendRequest): Promise<void> {
  const { response } = asked;
  const { service, isListing } = wanted;
  const type = `application/x-${service}-${isListing ? 'advertisement' : 'result'}`;
  response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' }).flushHeaders();
  let sent = 0;
  for await (const chunk of readAnswer(child, wanted, asked)) {
    const room = (asked.dropAfterBytes ?? Number.POSITIVE_INFINITY) - sent;
    await send(response, chunk.subarray(0, Math.min(room, chunk.length)));
    sent += chunk.length;
    if (chunk.length >= room) return void response.destroy();
  }
  await asked.beforeEnd();
  response.end();
}

async function* readAnswer(
  { stdout }: ChildProcess,
  { service, isListing }: Wanted,
  { request }: BackendRequest,
): AsyncGenerator<Buffer> {
  const isVersion2 = /(?:^|:)version=2(?:$|:)/.test(String(request.headers['git-protocol'] ?? ''));
  // Protocol 2 has no line for the service (gitprotocol-v2(5), "HTTP Transport").
  if (isListing && !(isVersion2 && service === 'git-upload-pack'))
    yield Buffer.concat([toPacket(`# service=${service}\n`), flushPacket].map((each) => Buffer.from(each)));
  for await (const chunk of stdout ?? []) if (Buffer.isBuffer(chunk)) yield chunk;
}

/** Writes, and waits for the client, so that a slow client slows git down. A disconnected client is an error. */
function send(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    response.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
