import { crc32 } from 'node:zlib';

/** One line of the file: eight hexadecimal digits of the CRC-32 of the JSON behind them, a space, the JSON. */
export function toLine(value: unknown): string {
  const json = JSON.stringify(value);
  return `${toChecksum(json)} ${json}\n`;
}

/** The value of a line, without its line break; undefined where it is not what `toLine` wrote. */
export function parseLine(line: string): { readonly value: unknown } | undefined {
  const json = line.slice(9);
  if (line.slice(0, 9) !== `${toChecksum(json)} `) return undefined;
  try {
    return { value: JSON.parse(json) };
  } catch {
    return undefined;
  }
}

function toChecksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** A complete line, and where the next one begins. */
export interface PlacedLine {
  readonly text: string;
  /** Bytes from the beginning of the file. */
  readonly end: number;
}

/** The complete lines of a stream. What stands behind the last line break is left out. */
export async function* readCompleteLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<PlacedLine> {
  let pending: Buffer[] = [];
  let end = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, at)]);
      pending = [];
      from = at + 1;
      end += line.length + 1;
      yield { text: line.toString('utf8'), end };
    }
    if (from < chunk.length) pending.push(chunk.subarray(from));
  }
}
