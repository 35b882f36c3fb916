import { join } from 'node:path';
import type { MirrorError } from '../../errors';
import { toRangeInput } from '../../git/commitRange';
import type { Git } from '../../git/git';
import { createListingReader, type ListingReader } from '../../git/listing';
import { selectHere } from '../../git/objects';
import { flushPacket, readRawPackets, toPacket, toText } from '../../git/pktLine';
import type { RefPush } from '../../plan/plan';
import type { RefMap } from '../../plan/refs';
import { readRegularFile } from '../../system/regularFile';
import { listingPart, toPushStall } from '../stall';
import type { Conversation } from './conversation';
import type { Packer, PackOrder } from './packer';
import { answerBytes, type PushAnswer, type PushSession, type RefAnswer } from './pushSession';
import { type Report, readReport } from './report';

/** What a session with git-receive-pack works with. */
export interface ReceivePackNeeds {
  /** With git-receive-pack. */
  readonly conversation: Conversation;
  /** In the repository that objects are sent from. */
  readonly git: Git;
  /** Ends the opening. */
  readonly signal: AbortSignal;
  readonly packer: Packer;
  readonly describeFailure: (stderr: string) => MirrorError;
}

/** The first answer of git-receive-pack (gitprotocol-pack(5), "Reference Discovery"). */
interface Advertised {
  readonly refs: RefMap;
  /** All objects that the server says it has, including those of hidden refs and of other repositories (`.have`). */
  readonly known: ReadonlySet<string>;
  readonly capabilities: ReadonlySet<string>;
}

/**
 * Reads the listing of git-receive-pack. Throws MirrorError if that can't be read or stalls, or if the run is
 * stopped.
 */
export async function openReceivePack(needs: ReceivePackNeeds): Promise<PushSession> {
  const { conversation } = needs;
  const packets = withoutReturn(readRawPackets(conversation.pieces()));
  const part = { ...listingPart, signal: needs.signal };
  const advertised = await conversation.within(part, async () => {
    const read = await readAdvertised(packets);
    if (typeof read !== 'string') return read;
    conversation.leave();
    throw needs.describeFailure(read + (await conversation.lastWords()));
  });
  return {
    refs: advertised.refs,
    isOpen: () => conversation.isOpen,
    prepare: (updates) => needs.packer.prepare(needs.git, toPackOrder(updates, advertised, needs.git)),
    push: (updates, onStderr) => push(updates, onStderr, { ...needs, advertised, packets }),
    end() {
      // A flush packet: no command follows.
      void conversation.say(flushPacket);
      conversation.leave();
    },
  };
}

/** Reads up to the first flush packet. If the server ends before, returns its error message. */
async function readAdvertised(packets: AsyncIterable<Buffer | undefined>): Promise<Advertised | string> {
  const reader = createListingReader();
  const known = new Set<string>();
  let capabilities: ReadonlySet<string> | undefined;
  for await (const packet of packets) {
    if (packet === undefined)
      return { refs: reader.end().refs, known, capabilities: capabilities ?? new Set() };
    const line = toText(packet);
    if (line.startsWith('ERR ')) return `remote error: ${line.slice('ERR '.length)}\n`;
    if (/^(version 1$|shallow )/.test(line)) continue;
    const [ref = '', words = ''] = line.split('\0');
    capabilities ??= new Set(words.split(' '));
    const oid = addAdvertised(ref, reader);
    if (oid !== undefined) known.add(oid);
  }
  return '';
}

/** Adds a line to the listing, unless it names no ref. Returns the object that the server has. */
function addAdvertised(line: string, reader: ListingReader): string | undefined {
  // An empty repository lists no ref, but its capabilities all the same.
  if (/^0{40} capabilities\^\{\}$/.test(line)) return undefined;
  const [, oid] = /^([0-9a-f]{40}) \.have$/.exec(line) ?? [];
  if (oid === undefined) reader.add(line.replace(' ', '\t'));
  return oid ?? line.slice(0, 40);
}

/** A reader that stops leaves the rest to the next reader. */
function withoutReturn<T>(all: AsyncGenerator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => all.next() }) };
}

interface Pushing extends ReceivePackNeeds {
  readonly advertised: Advertised;
  readonly packets: AsyncIterable<Buffer | undefined>;
}

/** Sends commands and objects, and reads the report (gitprotocol-pack(5), "Pushing Data To a Server"). */
async function push(
  updates: readonly RefPush[],
  onStderr: (text: string) => void,
  { git, packer, advertised, conversation, packets }: Pushing,
): Promise<PushAnswer> {
  let stderr = '';
  const { capabilities } = advertised;
  const { sendable, declined } = withoutUnknown(updates, capabilities);
  if (sendable.length === 0) {
    conversation.leave();
    return { answers: declined, isWhole: true, stderr, bytes: 0 };
  }
  const part = { name: 'git push', stall: toPushStall, bytes: answerBytes, signal: conversation.signal };
  return await conversation.within(part, async (watch) => {
    const hear = (text: string) => {
      watch.see(Buffer.from(text), text);
      stderr += text;
      onStderr(text);
    };
    const commands = toCommands(sendable, capabilities, await readShallow(git));
    const hasBands = capabilities.has('side-band-64k');
    const reading = readReport(packets, hasBands, hear);
    // If sending fails, the answer is not read.
    reading.catch(() => undefined);
    const isDeletion = sendable.every(({ new: tip }) => tip === undefined);
    const pack = isDeletion
      ? undefined
      : await packer.take(git, await toPackOrder(sendable, advertised, git));
    const bytes = await send(commands, pack?.read(hear), conversation);
    const report = capabilities.has('report-status') ? await reading : toSilentReport(sendable);
    if (report === undefined) {
      conversation.leave();
      hear(`${await conversation.lastWords()}fatal: the remote end hung up unexpectedly\n`);
      return { answers: declined, isWhole: false, stderr, bytes };
    }
    conversation.leave();
    if (report.unpackFailure !== undefined)
      hear(`error: remote unpack failed: ${toOneLine(report.unpackFailure)}\n`);
    const sent = new Set(sendable.map(({ ref }) => ref));
    const answers = report.answers.filter(({ ref }) => sent.has(ref));
    return { answers: [...declined, ...answers], isWhole: true, stderr, bytes };
  });
}

/** A server's message must not look like another line of git. */
function toOneLine(words: string): string {
  return words.replace(/\p{Cc}/gu, ' ');
}

/** git asks a server to delete refs only if it says that it can. */
function withoutUnknown(updates: readonly RefPush[], capabilities: ReadonlySet<string>) {
  const isSendable = ({ new: tip }: RefPush) => tip !== undefined || capabilities.has('delete-refs');
  const declined = updates
    .filter((update) => !isSendable(update))
    .map(({ ref }) => ({ ref, done: false, reason: 'remote does not support deleting refs' }));
  return { sendable: updates.filter(isSendable), declined };
}

/** For a server without reports: the listing afterwards shows the result. */
function toSilentReport(updates: readonly RefPush[]): Report {
  const answers = updates.map(({ ref }): RefAnswer => ({ ref, done: true, reason: '' }));
  return { answers, unpackFailure: undefined };
}

/** Commits at which the history in this repository is cut off. The server must know them, or have the history below. */
async function readShallow({ directory }: Git): Promise<readonly string[]> {
  const text = (await readRegularFile(join(directory, 'shallow'))) ?? '';
  return text.split('\n').filter((line) => line !== '');
}

/** Old value, new value and name of each ref, zeroes for none. The first also has the capabilities that we use, after a NUL. */
function toCommands(
  updates: readonly RefPush[],
  capabilities: ReadonlySet<string>,
  shallow: readonly string[],
): string {
  const used = ['report-status', 'side-band-64k', 'object-format=sha1'].filter((name) =>
    capabilities.has(name),
  );
  const none = '0'.repeat(40);
  const commands = updates.map(({ ref, old = none, new: tip = none }, index) =>
    toPacket(`${old} ${tip} ${ref}${index === 0 ? `\0 ${used.join(' ')}` : ''}`),
  );
  return [...shallow.map((oid) => toPacket(`shallow ${oid}`)), ...commands, flushPacket].join('');
}

/** The objects of these updates that the server lacks according to its listing. */
async function toPackOrder(
  updates: readonly RefPush[],
  { known, capabilities }: Advertised,
  git: Git,
): Promise<PackOrder> {
  const tips = updates.flatMap(({ new: tip }) => tip ?? []);
  const [here, shallow] = await Promise.all([selectHere(git, known), readShallow(git)]);
  const command = [
    ...['pack-objects', '--all-progress-implied', '--revs', '--stdout', '--progress'],
    ...(capabilities.has('no-thin') ? [] : ['--thin']),
    ...(capabilities.has('ofs-delta') ? ['--delta-base-offset'] : []),
    ...(shallow.length > 0 ? ['--shallow'] : []),
  ];
  return { command, input: toRangeInput({ tips, known: here }) };
}

/**
 * Sends the commands and the objects. Returns the bytes of the objects. The commands and the first objects are sent
 * together: ssh lets TCP delay a second small packet by a round trip.
 */
async function send(
  commands: string,
  pack: AsyncIterable<Buffer> | undefined,
  conversation: Conversation,
): Promise<number> {
  if (pack === undefined) {
    await conversation.say(commands);
    return 0;
  }
  let bytes = 0;
  for await (const piece of pack) {
    const isHeard = await conversation.say(
      bytes === 0 ? Buffer.concat([Buffer.from(commands), piece]) : piece,
    );
    bytes += piece.length;
    // The server has closed the connection; its message is read with the report.
    if (!isHeard) break;
  }
  return bytes;
}
