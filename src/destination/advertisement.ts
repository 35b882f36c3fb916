import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { programMissing, toStopError, unreadableListing } from '../errors';
import { parseLsRemote, type RefListing } from '../git/lsRemote';
import { createWatch } from '../git/watch';

/** How to start what brings us to the server's git-upload-pack: ssh, with its arguments. */
export interface Session {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Ends the session, at the latest when the destination is disposed of. */
  readonly signal: AbortSignal;
  readonly stallMilliseconds: number;
}

/** What a server lists; or what the session wrote to standard error when it came to nothing. */
export type Advertised = { readonly listing: RefListing } | { readonly failure: string };

/**
 * Reads the refs that a server lists when git-upload-pack begins (gitprotocol-pack(5), "Reference Discovery", version
 * 0) and then leaves the session to end by itself: `git ls-remote` would wait for that, and it costs a round trip.
 * Throws MirrorError when the listing can't be read or stalls, and when the run is stopped.
 */
export async function readAdvertisement(session: Session): Promise<Advertised> {
  const watch = createWatch('The listing', session.stallMilliseconds);
  const signal = AbortSignal.any([session.signal, watch.signal]);
  const child = spawn(session.program, session.args, { env: session.env, signal, stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    watch.see(piece, '');
    stderr = (stderr + piece.toString()).slice(-10_000);
  });
  const closed = new Promise<undefined>((resolve, reject) => {
    child.on('error', (error) => reject(programMissing(session.program, error.message)));
    child.on('close', () => resolve(undefined));
  });
  try {
    const packets = await Promise.race([readPackets(child.stdout, (piece) => watch.see(piece, '')), closed]);
    // Standard error may lag behind the end of standard output.
    if (packets === undefined) await closed;
    return packets === undefined ? { failure: stderr } : toAdvertised(packets);
  } catch (error) {
    if (session.signal.aborted) throw toStopError(session.signal.reason);
    throw watch.signal.aborted ? watch.signal.reason : error;
  } finally {
    watch.end();
    // A flush packet: we want nothing more.
    child.stdin.end('0000');
  }
}

/** The texts of pkt-lines up to the first flush packet, without line feeds; undefined when the stream ends before it. */
async function readPackets(stream: Readable, see: (piece: Buffer) => void): Promise<string[] | undefined> {
  const packets: string[] = [];
  let pieces: Buffer[] = [];
  let missing = 4;
  for await (const piece of stream) {
    see(piece);
    pieces.push(piece);
    missing -= piece.length;
    if (missing > 0) continue;
    let bytes = Buffer.concat(pieces);
    for (;;) {
      const length = parseLength(bytes);
      if (length === 0) return packets;
      missing = (length ?? 4) - bytes.length;
      if (length === undefined || missing > 0) break;
      packets.push(bytes.toString('utf8', 4, length).replace(/\n$/, ''));
      bytes = bytes.subarray(length);
    }
    pieces = [bytes];
  }
  return undefined;
}

/** The length of the packet that begins here, its own four digits included; 0 for a flush packet. */
function parseLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const digits = bytes.toString('latin1', 0, 4);
  const length = Number.parseInt(digits, 16);
  if (!/^[0-9a-f]{4}$/i.test(digits) || (length > 0 && length < 4)) throw unreadableListing(digits);
  return length;
}

/** The first packet carries the server's capabilities behind a NUL, where HEAD points among them. */
function toAdvertised(packets: readonly string[]): Advertised {
  const error = packets.find((packet) => packet.startsWith('ERR '));
  if (error !== undefined) return { failure: error.slice('ERR '.length) };
  const [first = '', ...rest] = packets.filter((packet) => !/^(version 1$|shallow )/.test(packet));
  const [ref = '', capabilities = ''] = first.split('\0');
  const head = /(?:^| )symref=HEAD:(\S+)/.exec(capabilities)?.[1];
  // An empty repository lists no ref, but its capabilities all the same.
  const refs = [ref, ...rest].filter((line) => !/^0{40} capabilities\^\{\}$/.test(line) && line !== '');
  const lines = refs.map((line) => line.replace(' ', '\t'));
  return { listing: parseLsRemote([...(head ? [`ref: ${head}\tHEAD`] : []), ...lines].join('\n')) };
}
