import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** Whether git-lfs is installed on this machine, or must be (see `sshdAvailable`). */
export function lfsAvailable(): boolean {
  return isRequired || spawnSync('git', ['lfs', 'version']).status === 0;
}

const isRequired = process.env['CODECOMMIT_MIRROR_PROGRAMS'] === 'required';

/** Where files kept in Git LFS are: https://github.com/git-lfs/git-lfs/tree/main/docs/api, batch and basic transfer. */
export interface LfsServer extends AsyncDisposable {
  /** Its endpoint, as a server's git-lfs-authenticate names it. */
  readonly url: string;
  /** The endpoint as another server serves it: below whatever path the request names. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Every request needs this Authorization; undefined: none. */
  authorization: string | undefined;
  /** Takes requests, which are never answered then; `gone` is fulfilled when the client has given up. */
  onHang: ((gone: Promise<unknown>) => void) | undefined;
  /** So many of the next requests are answered 503. */
  failures: number;
  /** Method and path of each request. */
  readonly requests: string[];
  /** Keeps a content; gives the pointer to it. */
  keep(content: string): Promise<string>;
  /** What is kept: SHA-256 → content. */
  contents(): Promise<Record<string, string>>;
}

const type = 'application/vnd.git-lfs+json';

/** The file that stands in a history for this content. */
export function toPointer(content: string): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${toOid(content)}\nsize ${Buffer.byteLength(content)}\n`;
}

export function toOid(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Opens an LFS server on loopback that keeps objects in the folder `root`, which exists. */
export async function openLfsServer({ root }: { readonly root: string }): Promise<LfsServer> {
  const server = createServer((request, response) => {
    lfs.serve(request, response).catch((error: Error) => response.destroy(error));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}/lfs`;
  const requests: string[] = [];
  const lfs: LfsServer = {
    url,
    authorization: undefined,
    onHang: undefined,
    failures: 0,
    requests,
    async serve(request, response) {
      const asked = new URL(request.url ?? '', `http://${request.headers.host}`);
      requests.push(`${request.method} ${asked.pathname}`);
      const body = await readBody(request);
      if (lfs.onHang !== undefined) return lfs.onHang(once(response, 'close'));
      if (lfs.failures-- > 0) return void response.writeHead(503).end();
      if (lfs.authorization !== undefined && request.headers.authorization !== lfs.authorization)
        return void response.writeHead(403, { 'Content-Type': type }).end('{"message":"no entry"}');
      if (asked.pathname.endsWith('/objects/batch'))
        return await answerBatch(lfs, root, asked, body, response);
      await answerTransfer(join(root, asked.pathname.slice(-64)), request.method, body, response);
    },
    async keep(content) {
      await writeFile(join(root, toOid(content)), content);
      return toPointer(content);
    },
    contents: () => readContents(root),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return lfs;
}

async function answerBatch(
  lfs: LfsServer,
  root: string,
  asked: URL,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const { operation, objects }: { operation: string; objects: { oid: string; size: number }[] } = JSON.parse(
    body.toString(),
  );
  const kept = new Set(await readdir(root));
  const header = lfs.authorization === undefined ? {} : { Authorization: lfs.authorization };
  const answers = objects.map(({ oid, size }) => {
    const action = { [operation]: { href: asked.href.replace(/batch$/, oid), header } };
    if (operation === 'upload') return { oid, size, ...(kept.has(oid) ? {} : { actions: action }) };
    return kept.has(oid)
      ? { oid, size, actions: action }
      : { oid, size, error: { code: 404, message: 'Object does not exist' } };
  });
  response
    .writeHead(200, { 'Content-Type': type })
    .end(JSON.stringify({ transfer: 'basic', objects: answers }));
}

/** An upload whose content is not what its name says is refused. */
async function answerTransfer(
  file: string,
  method: string | undefined,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  if (method === 'GET') return void response.writeHead(200).end(await readFile(file));
  const isWhole = method === 'PUT' && file.endsWith(`/${toOid(body)}`);
  if (isWhole) await writeFile(file, body);
  response.writeHead(isWhole ? 200 : 422).end();
}

async function readContents(root: string): Promise<Record<string, string>> {
  const names = await readdir(root);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(root, name), 'utf8')] as const)),
  );
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
