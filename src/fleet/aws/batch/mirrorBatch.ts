import * as z from 'zod';
import { MirrorError } from '../../../errors';
import { toMirrorError } from '../../../system/errors';
import { type AnyMessage, type ListWish, parseMessage, toDigest } from '../resources/message';
import type { Window } from './judge';
import { type ListParts, listSources } from './list';
import { type MirrorParts, mirrorPlace, type PlaceEnd } from './mirrorPlace';

/** What places and listings need. */
export type BatchParts = MirrorParts & ListParts;

/** The part of an event of Lambda's event source mapping for SQS that counts here. */
const eventSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        ApproximateReceiveCount: z.coerce.number(),
        SentTimestamp: z.coerce.number(),
        MessageGroupId: z.string().default(''),
      }),
    }),
  ),
});

/** "ReportBatchItemFailures": what is named here stays in the queue, and everything else is deleted. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** A message as it was received. */
interface Received {
  readonly messageId: string;
  readonly receipt: string;
  /** Undefined for what this program did not write. */
  readonly message: AnyMessage | undefined;
  readonly group: string;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** Milliseconds since 1970, by the queue's clock. */
  readonly sentAt: number;
}

/** What became of the messages of one group. */
type GroupEnd =
  | { readonly kind: 'done' }
  /** Back into the queue, hidden for so many seconds. */
  | { readonly kind: 'failed'; readonly seconds: number };

/**
 * Seconds until a failed message is received again, by how often it was received. Without this it stays hidden for as
 * long as the queue's visibility timeout, and with it every later message of its group.
 */
const backOff = [10, 60, 300, 900] as const;

/**
 * Does what the messages of one batch say, a group at a time: several messages of one group are one run. Never
 * throws for a group: that would bring the whole batch back. `deadline` is in milliseconds since 1970.
 */
export async function mirrorBatch(event: unknown, deadline: number, parts: BatchParts): Promise<BatchAnswer> {
  const groups = [...toGroups(readEvent(event)).values()];
  const window = toWindow(parts.clock.now(), deadline);
  await parts.clean();
  const failed: Received[] = [];
  const begin = async (group: readonly Received[]) => {
    if ((await endGroup(group, window, parts)).kind === 'failed') failed.push(...group);
  };
  await runAtOnce(groups, parts.atOnce, begin);
  await parts.clean();
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** Parses the event. Throws MirrorError: without its ids no message can be named. */
function readEvent(event: unknown): readonly Received[] {
  const parsed = eventSchema.safeParse(event);
  if (!parsed.success) throw noBatch();
  return parsed.data.Records.map(({ messageId, receiptHandle, body, attributes }) => ({
    messageId,
    receipt: receiptHandle,
    message: parseMessage(body),
    group: attributes.MessageGroupId,
    receives: attributes.ApproximateReceiveCount,
    sentAt: attributes.SentTimestamp,
  }));
}

function toGroups(received: readonly Received[]): ReadonlyMap<string, readonly Received[]> {
  const groups = new Map<string, Received[]>();
  for (const each of received) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return groups;
}

/** The last tenth of the time, at least 5 s and at most 60 s, is kept for what follows. */
export function toWindow(begin: number, deadline: number): Window {
  const rest = Math.min(60_000, Math.max(5_000, (deadline - begin) / 10));
  return { begin, stop: deadline - rest };
}

async function endGroup(group: readonly Received[], window: Window, parts: BatchParts): Promise<GroupEnd> {
  const end = await mirrorGroup(group, window, parts);
  if (end.kind === 'done') return end;
  // Each message has a receipt of its own: one that stays hidden would hold up the whole group.
  for (const { receipt } of group)
    await parts.queue
      .hide(receipt, end.seconds)
      .catch((error) => parts.log.warn(toMirrorError(error).message));
  return end;
}

async function mirrorGroup(group: readonly Received[], window: Window, parts: BatchParts): Promise<GroupEnd> {
  const receives = Math.max(...group.map((each) => each.receives));
  const failed: GroupEnd = { kind: 'failed', seconds: backOff[receives - 1] ?? backOff[3] };
  try {
    const end = await doGroup(group, window, parts);
    if (end === 'unknown') return { kind: 'failed', seconds: 0 };
    if (end === 'failed') return failed;
    if (end === 'later') await sendAgain(group, parts);
    return { kind: 'done' };
  } catch (error) {
    parts.log.debug(error instanceof Error ? String(error.stack) : String(error));
    const { message, remedy, code } = toMirrorError(error);
    parts.log.failure(`${group[0]?.group}: ${message} ${remedy} [${code}]`);
    return failed;
  }
}

/** `unknown`: one of the messages is not ours. */
async function doGroup(
  group: readonly Received[],
  window: Window,
  parts: BatchParts,
): Promise<PlaceEnd | 'unknown'> {
  const places = group.flatMap(({ message, sentAt }) =>
    message === undefined || 'list' in message ? [] : [{ message, sentAt }],
  );
  const lists = group.flatMap(({ message }) =>
    message !== undefined && 'list' in message ? [message.list] : [],
  );
  if (places.length === group.length) return await mirrorPlace(places, window, parts);
  if (lists.length < group.length) {
    parts.log.failure(`A message of "${group[0]?.group}" is not one of ours, or of another version.`);
    return 'unknown';
  }
  for (const wish of toWishes(lists)) await listSources(wish, parts);
  return 'done';
}

/** One listing for all, and one more for each further pattern that was asked for. */
function toWishes(lists: readonly ListWish[]): readonly ListWish[] {
  const isWhole = lists.some((list) => list.isWhole);
  const [first, ...more] = [...new Set(lists.flatMap(({ asked }) => asked ?? []))];
  return [{ isWhole, asked: first }, ...more.map((asked) => ({ isWhole: false, asked }))];
}

/** A place that was not begun costs none of its tries: one new message stands for the whole group. */
async function sendAgain(group: readonly Received[], { queue }: BatchParts): Promise<void> {
  const last = group.at(-1);
  if (last?.message === undefined) return;
  const id = toDigest([
    'again',
    ...group.flatMap(({ messageId, receives }) => [messageId, String(receives)]),
  ]);
  await queue.send([{ ...last.message, id }]);
}

/** Runs `work` for each item, so many at once; it must not throw. */
async function runAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const runOn = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, runOn));
}

const noBatch = () =>
  new MirrorError('fleet-aws-failed', {
    message: 'The event is no batch of messages of SQS.',
    remedy: 'Give this function the queue of the stack as its only event source.',
  });
