import { listingBytes } from '../git/listing';

/** Milliseconds without a word. A listing takes seconds; a fetch may compute for minutes before its first byte. */
export const stall = { list: 60_000, fetch: 300_000, unpack: 900_000 };

/** How long a server may take to list its refs, and how much it may write. */
export const listingPart = { name: 'The listing', stall: stall.list, bytes: listingBytes };

/** While objects go out git counts them; a server may unpack and check for minutes without a word. */
export function toPushStall(stderr: string): number {
  return /Writing objects: +\d+% \((?!.*, done)/.test(stderr) ? 120_000 : stall.unpack;
}
