import type { MirrorError } from '../../errors';
import { createListingReader, type ListingReader, type RefListing } from '../../git/listing';
import { flushPacket, readPackets } from '../../git/pktLine';
import { createWatch } from '../../system/watch';
import type { Conversation } from '../pushing/conversation';
import { listingPart } from '../stall';
import type { PreparedSession } from './controlSocket';

/** What a server lists, or its error message. */
type Advertised = RefListing | string;

/**
 * Reads the refs that a server lists when git-upload-pack begins (gitprotocol-pack(5), "Reference Discovery", version
 * 0) and then leaves the session to end by itself: `git ls-remote` would wait for that, and it costs a round trip.
 * Throws MirrorError when the listing can't be read or stalls, and when the run is stopped.
 */
export async function readAdvertisement(
  conversation: Conversation,
  signal: AbortSignal,
  describeFailure: (stderr: string) => MirrorError,
): Promise<RefListing> {
  return await conversation.within({ ...listingPart, signal }, async () => {
    const advertised = await readAdvertised(readPackets(conversation.pieces()), createListingReader());
    // We want nothing more.
    await conversation.say(flushPacket);
    conversation.leave();
    if (typeof advertised !== 'string') return advertised;
    throw describeFailure(advertised || (await conversation.lastWords()));
  });
}

/**
 * The same through a session that is open already. Undefined if it came to nothing: a session of ssh's own tells why.
 */
export async function readFromPrepared(
  session: PreparedSession,
  command: string,
  signal: AbortSignal,
): Promise<RefListing | undefined> {
  const watch = createWatch(listingPart.name, listingPart, signal);
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
    return typeof advertised === 'string' ? undefined : advertised;
  } catch {
    return undefined;
  } finally {
    watch.end();
    session.stop();
  }
}

/**
 * Reads packets up to the first flush packet; an empty message when they end before it. The first ref carries the
 * server's capabilities behind a NUL, where HEAD points among them.
 */
async function readAdvertised(
  packets: AsyncIterable<string | undefined>,
  reader: ListingReader,
): Promise<Advertised> {
  let isFirst = true;
  for await (const packet of packets) {
    if (packet === undefined) return reader.end();
    if (packet.startsWith('ERR ')) return `remote error: ${packet.slice('ERR '.length)}`;
    if (/^(version 1$|shallow )/.test(packet)) continue;
    const [ref = '', capabilities = ''] = isFirst ? packet.split('\0') : [packet];
    isFirst = false;
    const head = /(?:^| )symref=HEAD:(\S+)/.exec(capabilities)?.[1];
    if (head !== undefined) reader.add(`ref: ${head}\tHEAD`);
    // An empty repository lists no ref, but its capabilities all the same.
    if (!/^0{40} capabilities\^\{\}$/.test(ref)) reader.add(ref.replace(' ', '\t'));
  }
  return '';
}
