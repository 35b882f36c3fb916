import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { programMissing, unreadableListing } from '../../git/errors';
import { createListingReader, type ListingReader, type RefListing } from '../../git/lsRemote';
import { createWatch, listingBytes } from '../../git/watch';
import { toStopError } from '../../system/errors';

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
  const limits = { stall: session.stallMilliseconds, bytes: listingBytes };
  const watch = createWatch('The listing', limits, session.signal);
  const { program, args, env, signal } = session;
  const child = spawn(program, args, { env, signal, stdio: 'pipe' });
  child.stdin.on('error', () => undefined);
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => {
    watch.see(piece, '');
    stderr = (stderr + piece.toString()).slice(-10_000);
  });
  const closed = new Promise<undefined>((resolve, reject) => {
    child.on('error', (error) => reject(programMissing(program, error.message)));
    child.on('close', () => resolve(undefined));
    watch.signal.addEventListener('abort', () => {
      child.kill();
      reject(watch.signal.reason);
    });
  });
  try {
    const packets = readPackets(child.stdout, (piece) => watch.see(piece, ''));
    const reader = createListingReader();
    const advertised = await Promise.race([readAdvertised(packets, reader), closed]);
    // Standard error may lag behind the end of standard output.
    if (advertised === undefined) await closed;
    return advertised ?? { failure: stderr };
  } catch (error) {
    throw signal.aborted ? toStopError(signal.reason) : error;
  } finally {
    watch.end();
    // A flush packet: we want nothing more.
    child.stdin.end('0000');
  }
}

/**
 * Reads packets up to the first flush packet; undefined when they end before it. The first ref carries the server's
 * capabilities behind a NUL, where HEAD points among them.
 */
async function readAdvertised(
  packets: AsyncIterable<string | typeof flush>,
  reader: ListingReader,
): Promise<Advertised | undefined> {
  let isFirst = true;
  for await (const packet of packets) {
    if (packet === flush) return { listing: reader.end() };
    if (packet.startsWith('ERR ')) return { failure: `remote error: ${packet.slice('ERR '.length)}` };
    if (/^(version 1$|shallow )/.test(packet)) continue;
    const [ref = '', capabilities = ''] = isFirst ? packet.split('\0') : [packet];
    isFirst = false;
    const head = /(?:^| )symref=HEAD:(\S+)/.exec(capabilities)?.[1];
    if (head !== undefined) reader.add(`ref: ${head}\tHEAD`);
    // An empty repository lists no ref, but its capabilities all the same.
    if (!/^0{40} capabilities\^\{\}$/.test(ref)) reader.add(ref.replace(' ', '\t'));
  }
  return undefined;
}

const flush = Symbol('flush packet');

/** The texts of pkt-lines, without line feeds. */
async function* readPackets(
  stream: Readable,
  see: (piece: Buffer) => void,
): AsyncGenerator<string | typeof flush> {
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
      missing = (length ?? 4) - bytes.length;
      if (length === undefined || missing > 0) break;
      yield length === 0 ? flush : bytes.toString('utf8', 4, length).replace(/\n$/, '');
      bytes = bytes.subarray(Math.max(length, 4));
    }
    pieces = [bytes];
  }
}

/** The length of the packet that begins here, its own four digits included; 0 for a flush packet. */
function parseLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const digits = bytes.toString('latin1', 0, 4);
  const length = Number.parseInt(digits, 16);
  if (!/^[0-9a-f]{4}$/i.test(digits) || (length > 0 && length < 4))
    throw unreadableListing(bytes.toString('utf8', 0, 80));
  return length;
}
