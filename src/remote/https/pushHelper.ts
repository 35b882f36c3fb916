import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { MirrorError } from '../../errors';
import type { Git } from '../../git/git';
import { createListingReader, type RefListing } from '../../git/listing';
import type { RefPush } from '../../plan/plan';
import { readLines } from '../../system/lines';
import type { Conversation, Conversations } from '../pushing/conversation';
import { answerBytes, type PushAnswer, type PushSession, type RefAnswer } from '../pushing/pushSession';
import { listingPart, toPushStall } from '../stall';

/** What a push over HTTP needs. */
export interface PushHelperNeeds {
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** In the repository that objects are sent from. */
  readonly git: Git;
  /** Ends the opening. */
  readonly signal: AbortSignal;
  readonly conversations: Conversations;
  readonly describeFailure: (stderr: string) => MirrorError;
}

/** The refs that git pushes, with one pattern: git compares a refspec by name with every ref of the other side. */
const wanted = 'refs/wanted/';

/**
 * Opens a push over HTTP with git's own helper (gitremote-helpers(7)), which logs in, reads the listing and waits. Its
 * push is compared with that listing, and needs one more request. Throws MirrorError if the listing can't be read or
 * stalls, or if the run is stopped.
 */
export async function openPushHelper(needs: PushHelperNeeds): Promise<PushSession> {
  const { url, git, signal, conversations } = needs;
  const env = { ...needs.env, GIT_DIR: git.directory };
  // With version 2, the helper does not list the refs for readers.
  const args = ['-c', 'protocol.version=0', `remote-${new URL(url).protocol.slice(0, -1)}`, url, url];
  const conversation = conversations.begin({ program: 'git', args, env });
  const lines = readSingly(conversation.pieces());
  const part = { ...listingPart, signal };
  const refs = await conversation.within(part, async () => {
    await conversation.say('option progress true\noption verbosity 1\nlist for-push\n');
    // Two answers to options come first.
    for (const _option of ['progress', 'verbosity']) await lines.next();
    const listed = await readListing(lines);
    if (listed !== undefined) return listed.refs;
    conversation.leave();
    throw needs.describeFailure(await conversation.lastWords());
  });
  return {
    refs,
    isOpen: () => conversation.isOpen,
    push: (updates, onStderr) => push(updates, onStderr, { ...needs, conversation, lines }),
    refsAfterwards: (stop) =>
      conversation.within({ ...part, signal: stop }, async () => {
        await conversation.say('list\n');
        return await readListing(lines);
      }),
    end: () => conversation.leave(),
  };
}

/** One ref per line, up to an empty line. Undefined if the listing is incomplete. */
async function readListing(lines: AsyncIterator<string>): Promise<RefListing | undefined> {
  const reader = createListingReader();
  for (;;) {
    const { value: line, done } = await lines.next();
    if (done) return undefined;
    if (line === '') return reader.end();
    if (line.startsWith('@')) reader.add(`ref: ${line.slice(1).replace(' ', '\t')}`);
    else if (line.includes(' refs/')) reader.add(line.replace(' ', '\t'));
  }
}

interface Pushing extends PushHelperNeeds {
  readonly conversation: Conversation;
  readonly lines: AsyncIterator<string>;
}

async function push(
  updates: readonly RefPush[],
  onStderr: (text: string) => void,
  { git, conversations, conversation, lines }: Pushing,
): Promise<PushAnswer> {
  let stderr = '';
  const hear = (text: string) => {
    stderr += text;
    onStderr(text);
  };
  const part = {
    name: 'git push',
    stall: toPushStall,
    bytes: answerBytes,
    signal: conversations.signal,
    onStderr: hear,
  };
  return await conversation.within(part, async () => {
    const refspecs = await ensureRefspecs(updates, git.directory);
    await conversation.say(`${refspecs.map((refspec) => `push ${refspec}\n`).join('')}\n`);
    const { answers, isOver } = await readAnswers(lines);
    // It ends if anything was refused.
    if (isOver) await conversation.lastWords();
    // Standard error from before its last line has arrived, and is read in this or the next turn of the event loop.
    else for (let turn = 0; turn < 2; turn++) await setImmediate();
    return { answers, isWhole: answers.length >= updates.length, stderr, bytes: parsePackBytes(stderr) };
  });
}

async function readAnswers(lines: AsyncIterator<string>) {
  const answers: RefAnswer[] = [];
  for (;;) {
    const { value: line, done } = await lines.next();
    if (done || line === '') return { answers, isOver: done === true };
    const answer = parseAnswer(line);
    if (answer !== undefined) answers.push(answer);
  }
}

/**
 * One pattern for all refs that are set, with `+`: the plan has decided that they may replace others. The values are
 * written into refs of the repository in `directory`.
 */
async function ensureRefspecs(updates: readonly RefPush[], directory: string): Promise<readonly string[]> {
  const lines = updates.flatMap(({ ref, new: tip }) =>
    tip === undefined ? [] : [`${tip} ${ref.replace('refs/', wanted)}\n`],
  );
  await rm(join(directory, wanted), { recursive: true, force: true });
  await writeFile(join(directory, 'packed-refs'), lines.join(''));
  const deletions = updates.flatMap(({ ref, new: tip }) => (tip === undefined ? [`:${ref}`] : []));
  return [...(lines.length > 0 ? [`+${wanted}*:refs/*`] : []), ...deletions];
}

/** `ok <ref>` or `error <ref> <reason>`. A reason of git's own, without an answer of the server, is no answer. */
function parseAnswer(line: string): RefAnswer | undefined {
  const [, word, ref, reason = ''] = /^(ok|error) (\S+)(?: (.*))?$/s.exec(line) ?? [];
  if (ref === undefined || reason === 'expecting report') return undefined;
  return { ref, done: word === 'ok', reason: toPlain(reason) };
}

/** git puts a reason with unusual characters into quotes. */
function toPlain(reason: string): string {
  return /^".*"$/.test(reason) ? reason.slice(1, -1).replace(/\\(.)/g, '$1') : reason;
}

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/**
 * From git's last line of progress: `Writing objects: 100% (3/3), 1.21 KiB | 1.21 MiB/s, done.` Earlier lines with 100%
 * have the bytes of half a second before. 0 if there is none.
 */
export function parsePackBytes(stderr: string): number {
  const [, figure, unit = ''] =
    /Writing objects: 100% \(\d+\/\d+\), ([\d.]+) (bytes|KiB|MiB|GiB) \|[^|\r\n]*, done/.exec(stderr) ?? [];
  return figure === undefined ? 0 : Math.round(Number(figure) * (units[unit] ?? 0));
}

async function* readSingly(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const lines of readLines(pieces)) yield* lines;
}
