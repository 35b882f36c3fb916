import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MirrorError, toErrorText } from '../../errors';

/** An open port. Disposing of it ends its connections. */
export interface Listener extends AsyncDisposable {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
}

export interface ListenerOptions {
  readonly address: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** Milliseconds. A request that takes longer is cut off. */
const slowest = 30_000;

/** More than all hosts open together. */
const connectionsAtMost = 1_000;

/** Opens a port. What `answer` throws is answered with 500, without a word of it. Throws MirrorError `fleet-port-refused`. */
export async function openListener({ address, port, answer }: ListenerOptions): Promise<Listener> {
  const server = createServer({ requestTimeout: slowest, headersTimeout: slowest }, (request, response) => {
    // Whoever asks may hang up.
    response.on('error', () => undefined);
    answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'Content-Type': 'text/plain' }).end('Something failed.\n');
    });
  });
  server.maxConnections = connectionsAtMost;
  try {
    server.listen(port, address);
    await once(server, 'listening');
  } catch (error) {
    throw portRefused(address, port, error);
  }
  return {
    url: toUrl(server, address),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function toUrl(server: Server, address: string): string {
  const bound = server.address();
  const host = address.includes(':') ? `[${address}]` : address;
  return `http://${host}:${typeof bound === 'object' && bound !== null ? bound.port : ''}`;
}

/** What all bodies that are being read may hold together, beyond the first of each. */
export interface SharedBytes {
  left: number;
}

/** So much of a body counts nowhere: what is small passes, also while somebody sends what is large. */
const freeBytes = 64 * 2 ** 10;

/** The body of a request; the status of the answer when it has more bytes than these, or all together have too many. */
export async function readBody(
  request: IncomingMessage,
  most: number,
  shared: SharedBytes = { left: Number.POSITIVE_INFINITY },
): Promise<Buffer | 413 | 503> {
  const pieces: Buffer[] = [];
  let length = 0;
  let taken = 0;
  try {
    // Not destroyed: whoever sends too much gets an answer.
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > most) return 413;
      const more = Math.max(0, length - freeBytes) - taken;
      if (more > shared.left) return 503;

      shared.left -= more;
      taken += more;
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } finally {
    shared.left += taken;
  }
}

export function isLocal(address: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(address);
}

const portRefused = (address: string, port: number, cause: unknown) =>
  new MirrorError('fleet-port-refused', {
    message: `The port ${port} of ${address} can't be opened: ${toErrorText(cause)}`,
    remedy: 'Choose another port or address (see fleet serve --help), or end what listens there.',
  });
