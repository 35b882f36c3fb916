import type { Readable } from 'node:stream';

/** The packet that ends a section of git's protocol. */
export const flushPacket = '0000';

/** One line of git's protocol: four hexadecimal digits with the length of all of it, and the text. */
export function toPacket(text: string): string {
  const length = Buffer.byteLength(text) + flushPacket.length;
  return length.toString(16).padStart(4, '0') + text;
}

/** Reads pkt-lines up to the end of the stream and gives the texts (no line feed at the end) section by section. */
export async function* readSections(stream: Readable): AsyncGenerator<readonly string[]> {
  let pending = Buffer.alloc(0);
  let section: string[] = [];
  for await (const chunk of stream) {
    pending = Buffer.concat([pending, chunk]);
    for (let length = parseLength(pending); length !== undefined; length = parseLength(pending)) {
      if (length === 0) {
        yield section;
        section = [];
      } else {
        section.push(pending.toString('utf8', flushPacket.length, length).replace(/\n$/, ''));
      }
      pending = pending.subarray(Math.max(length, flushPacket.length));
    }
  }
}

/** The length of the packet at the start (0: flush), or undefined while it is not complete. */
function parseLength(bytes: Buffer): number | undefined {
  if (bytes.length < flushPacket.length) return undefined;
  const length = Number.parseInt(bytes.toString('latin1', 0, flushPacket.length), 16);
  return length <= bytes.length ? length : undefined;
}
