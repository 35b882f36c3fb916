import { unreadableListing } from './errors';

/** The packet that ends a section of git's protocol (gitprotocol-common(5), "pkt-line Format"). */
export const flushPacket = '0000';

/** One packet of git's protocol: four hexadecimal digits with the total length, then the text. */
export function toPacket(text: string): string {
  const length = Buffer.byteLength(text) + flushPacket.length;
  return length.toString(16).padStart(4, '0') + text;
}

/** The texts of packets, without line feeds; undefined for a flush packet. Throws MirrorError `not-git`. */
export async function* readPackets(output: AsyncIterable<Buffer>): AsyncGenerator<string | undefined> {
  for await (const packet of readRawPackets(output)) yield packet && toText(packet);
}

/** The text of a packet, without its line feed. */
export function toText(packet: Buffer): string {
  return packet.toString().replace(/\n$/, '');
}

/** What packets carry, of side bands byte for byte; undefined for a flush packet. Throws MirrorError `not-git`. */
export async function* readRawPackets(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let pieces: Buffer[] = [];
  let missing = 4;
  for await (const piece of output) {
    pieces.push(piece);
    missing -= piece.length;
    if (missing > 0) continue;
    let bytes = Buffer.concat(pieces);
    for (;;) {
      const length = parseLength(bytes);
      missing = (length ?? 4) - bytes.length;
      if (length === undefined || missing > 0) break;
      yield length === 0 ? undefined : bytes.subarray(4, length);
      bytes = bytes.subarray(Math.max(length, 4));
    }
    pieces = [bytes];
  }
}

/** The length of the packet that starts here, including its four digits; 0 for a flush packet. */
function parseLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const digits = bytes.toString('latin1', 0, 4);
  const length = Number.parseInt(digits, 16);
  if (!/^[0-9a-f]{4}$/i.test(digits) || (length > 0 && length < 4))
    throw unreadableListing(bytes.toString('utf8', 0, 80));
  return length;
}
