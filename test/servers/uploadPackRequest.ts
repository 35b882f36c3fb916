import type { Readable } from 'node:stream';
import { constants, gunzipSync } from 'node:zlib';

/** The first pkt-line that tells a listing from a fetch is at most this long: four digits of length and its words. */
const enough = 64;

/**
 * Reads a request's first bytes, and leaves the rest in the stream.
 * A gzip'd body is read to its first chunks as well: its header alone is 10 bytes.
 */
export async function readStart(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < enough && (await isReadable(body))) {
    const chunk: unknown = body.read();
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

/** Waits for bytes; false at the end of the stream, or when the client is gone. */
function isReadable(body: Readable): Promise<boolean> {
  if (body.readableLength > 0) return Promise.resolve(true);
  if (body.readableEnded || body.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (more: boolean) => () => {
      for (const [event, listener] of listeners) body.off(event, listener);
      resolve(more);
    };
    const listeners: [string, () => void][] = [
      ['readable', settle(true)],
      ['end', settle(false)],
      ['close', settle(false)],
    ];
    for (const [event, listener] of listeners) body.on(event, listener);
  });
}

/**
 * What the body of a POST to git-upload-pack asks for. Protocol version 2 names its command in the first pkt-line;
 * before it, a body that begins with `want` is a fetch. Anything else (the four bytes with which git tries a
 * connection before a long request) is undefined.
 */
export function parseCommand(start: Buffer, encoding: string | undefined): 'ls-refs' | 'fetch' | undefined {
  const text = encoding === 'gzip' ? inflateStart(start) : start.toString('latin1');
  const line = /^[0-9a-f]{4}(command=ls-refs|command=fetch|want )/.exec(text)?.[1];
  if (line === undefined) return undefined;
  return line === 'command=ls-refs' ? 'ls-refs' : 'fetch';
}

function inflateStart(start: Buffer): string {
  return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
}
