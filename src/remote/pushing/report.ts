import { readRawPackets, toText } from '../../git/pktLine';
import type { RefAnswer } from './pushSession';

/** The report of receive-pack about a push (gitprotocol-pack(5), "Report Status"). */
export interface Report {
  readonly answers: readonly RefAnswer[];
  /** Why the objects were refused; undefined if they were accepted. */
  readonly unpackFailure: string | undefined;
}

/**
 * Reads a report; undefined if it is incomplete. With `hasBands` it is on the first of three bands; the other bands go to
 * `onRemote`, as git writes them. The output of hooks that run after the report is read to its end.
 */
export async function readReport(
  packets: AsyncIterable<Buffer | undefined>,
  hasBands: boolean,
  onRemote: (text: string) => void,
): Promise<Report | undefined> {
  const answers: RefAnswer[] = [];
  let unpacked: string | undefined;
  let isWhole = false;
  for await (const packet of hasBands ? readRawPackets(selectBand(packets, onRemote)) : packets) {
    if (packet === undefined) {
      isWhole = unpacked !== undefined;
      if (!hasBands) break;
      continue;
    }
    const line = toText(packet);
    unpacked ??= /^unpack (.*)$/s.exec(line)?.[1];
    const answer = parseAnswer(line);
    if (answer !== undefined) answers.push(answer);
  }
  return isWhole ? { answers, unpackFailure: unpacked === 'ok' ? undefined : unpacked } : undefined;
}

function parseAnswer(line: string): RefAnswer | undefined {
  const [, word, ref, reason = ''] = /^(ok|ng) (\S+)(?: (.*))?$/s.exec(line) ?? [];
  return ref === undefined ? undefined : { ref, done: word === 'ok', reason };
}

/** The content of the first band; the others go to `onRemote`, as git writes them (gitprotocol-pack(5), "side-band-64k"). */
async function* selectBand(
  packets: AsyncIterable<Buffer | undefined>,
  onRemote: (text: string) => void,
): AsyncGenerator<Buffer> {
  let line = '';
  try {
    for await (const packet of packets) {
      if (packet === undefined) return;
      if (packet[0] === 1) {
        yield packet.subarray(1);
        continue;
      }
      const pieces = (line + packet.toString('utf8', 1)).split(/(?<=[\r\n])/);
      line = /[\r\n]$/.test(pieces.at(-1) ?? '') ? '' : (pieces.pop() ?? '');
      for (const piece of pieces) onRemote(`remote: ${piece}`);
      if (packet[0] !== 2) return;
    }
  } finally {
    if (line !== '') onRemote(`remote: ${line}\n`);
  }
}
