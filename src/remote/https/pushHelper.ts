import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { MirrorError } from '../../errors';
import type { Git } from '../../git/git';
import { createListingReader, listingBytes, type RefListing } from '../../git/listing';
import type { RefPush } from '../../plan/plan';
import { readLines } from '../../system/lines';
import type { Conversation, Conversations } from '../conversation';
import type { PushAnswer, PushSession, RefAnswer } from '../pushSession';
import { stall, toPushStall } from '../stall';

/** What a push over HTTP works with. */
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

/** What git pushes from, by one pattern: a refspec by name costs git a comparison with every ref of the other side. */
const wanted = 'refs/wanted/';

/**
 * Opens a push over HTTP by git's own helper (gitremote-helpers(7)), which logs in, reads what the server lists and
 * waits: what it pushes then is held to that listing, with no request but the push's own. Throws MirrorError when the
 * listing can't be read or stalls, and when the run is stopped.
 */
export async function openPushHelper(needs: PushHelperNeeds): Promise<PushSession> {
  const { url, git, signal, conversations } = needs;
  const env = { ...needs.env, GIT_DIR: git.directory };
  // Of version 2 the helper would list nothing to readers by itself.
  const args = ['-c', 'protocol.version=0', `remote-${new URL(url).protocol.slice(0, -1)}`, url, url];
  const conversation = conversations.begin({ program: 'git', args, env });
  const lines = readSingly(conversation.pieces());
  const part = { name: 'The listing', stall: stall.list, bytes: listingBytes, signal };
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

/** A ref a line up to an empty one; undefined where it breaks off. */
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
    // It ends where anything was refused.
    if (isOver) await conversation.lastWords();
    // What it wrote to standard error before its last line is here, and is read in this turn of the loop or the next.
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

/** What a server may say of a push: a line for each of 4,000 refs, and what its hooks have to say. */
const answerBytes = 16 * 2 ** 20;

/**
 * One pattern for all that is set, whatever it takes away: the plan has decided that it may. The values stand in refs
 * of the repository in `directory`, which are written here.
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

/** `ok <ref>` or `error <ref> <reason>`; git's own words where the server did not come to say anything are none. */
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

/** From git's last line of progress: `Writing objects: 100% (3/3), 1.21 KiB | 1.21 MiB/s, done.` */
function parsePackBytes(stderr: string): number {
  const [, figure, unit = ''] =
    /Writing objects: 100% \(\d+\/\d+\), ([\d.]+) (bytes|KiB|MiB|GiB)/.exec(stderr) ?? [];
  return figure === undefined ? 0 : Math.round(Number(figure) * (units[unit] ?? 0));
}

async function* readSingly(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const lines of readLines(pieces)) yield* lines;
}
