import { createListingReader, type ListingReader, listingBytes, type RefListing } from '../../git/listing';
import { flushPacket, readPackets } from '../../git/pktLine';
import { type ChildOptions, startChild } from '../../system/child';
import { createWatch } from '../../system/watch';
import type { PreparedSession } from './controlSocket';

/** How to start what brings us to the server's git-upload-pack: ssh, with its arguments. */
export interface Session extends Pick<ChildOptions, 'program' | 'args' | 'env'> {
  /** Ends the session, at the latest when the remote is disposed of. */
  readonly signal: AbortSignal;
  /** Milliseconds that the server may be silent. */
  readonly stall: number;
  /** Is given the end of a session that is left to end by itself. */
  readonly onLeft: (end: Promise<unknown>) => void;
}

/** What a server lists; or what the session wrote to standard error when it came to nothing. */
export type Advertised = { readonly listing: RefListing } | { readonly failure: string };

/**
 * Reads the refs that a server lists when git-upload-pack begins (gitprotocol-pack(5), "Reference Discovery", version
 * 0) and then leaves the session to end by itself: `git ls-remote` would wait for that, and it costs a round trip.
 * Throws MirrorError when the listing can't be read or stalls, and when the run is stopped.
 */
export async function readAdvertisement({ stall, onLeft, ...session }: Session): Promise<Advertised> {
  const child = startChild({ ...session, name: 'The listing', limits: { stall, bytes: listingBytes } });
  try {
    const advertised = await readAdvertised(readPackets(child.output), createListingReader());
    if (advertised === undefined) return { failure: (await child.end).stderr };
    // We want nothing more.
    child.stdin.end(flushPacket);
    onLeft(child.end);
    return advertised;
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/**
 * The same through a session that is open already. Undefined if it came to nothing: a session of ssh's own tells why.
 */
export async function readFromPrepared(
  session: PreparedSession,
  { command, stall, signal }: { command: string; stall: number; signal: AbortSignal },
): Promise<RefListing | undefined> {
  const watch = createWatch('The listing', { stall, bytes: listingBytes }, signal);
  watch.signal.addEventListener('abort', session.stop);
  if (watch.signal.aborted) session.stop();
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const piece of session.run(command)) {
      watch.see(piece, '');
      yield piece;
    }
  }
  try {
    const advertised = await readAdvertised(readPackets(watched()), createListingReader());
    return advertised && 'listing' in advertised ? advertised.listing : undefined;
  } catch {
    return undefined;
  } finally {
    watch.end();
    session.stop();
  }
}

/**
 * Reads packets up to the first flush packet; undefined when they end before it. The first ref carries the server's
 * capabilities behind a NUL, where HEAD points among them.
 */
async function readAdvertised(
  packets: AsyncIterable<string | undefined>,
  reader: ListingReader,
): Promise<Advertised | undefined> {
  let isFirst = true;
  for await (const packet of packets) {
    if (packet === undefined) return { listing: reader.end() };
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
