import { createHash } from 'node:crypto';
import * as z from 'zod';

const placeSchema = z.object({
  mirror: z.string().min(1),
  identity: z.string().min(1),
  path: z.string().min(1),
});

const messageSchema = z.object({
  version: z.literal(1),
  place: placeSchema,
  reason: z.enum(['event', 'webhook', 'due', 'asked', 'continued', 'built']),
  id: z.string().min(1),
  continued: z.number().int().nonnegative(),
  event: z.unknown().optional(),
});

const listMessageSchema = z.object({
  version: z.literal(1),
  list: z.object({ isWhole: z.boolean(), asked: z.string().min(1).optional() }),
  id: z.string().min(1),
});

/** One repository of one mirror. */
export interface Place {
  /** `name` of mirrors.yaml. */
  readonly mirror: string;
  /** `<authority>#<id>` of the source repository: it stays when that is renamed. */
  readonly identity: string;
  /** `owner/name` at the source, or the name alone, as last seen. */
  readonly path: string;
}

/**
 * "Look at this repository". What to do there is found by looking, so that a message which comes twice, late or out of
 * order costs time at most.
 */
export interface Message {
  readonly version: 1;
  readonly place: Place;
  readonly reason: 'event' | 'webhook' | 'due' | 'asked' | 'continued' | 'built';
  /**
   * What the queue tells messages apart by (MessageDeduplicationId): two that say the same of two different moments must
   * differ, or the second one is dropped for five minutes.
   */
  readonly id: string;
  /** How many runs before this one ended at the limit of a function, each with some progress. */
  readonly continued: number;
  /** The event of CodeCommit that it was made from, whole: for people who read the queue. */
  readonly event?: unknown;
}

/** "List the sources, and look at what is due". All of these are one group, so that one listing runs at a time. */
export interface ListMessage {
  readonly version: 1;
  readonly list: ListWish;
  readonly id: string;
}

export interface ListWish {
  /** Every source as a whole, whenever that was done last. */
  readonly isWhole: boolean;
  /** A pattern: what matches it is looked at, due or not. */
  readonly asked?: string | undefined;
}

export type AnyMessage = Message | ListMessage;

/** Undefined for a body that this version did not write. */
export function parseMessage(body: string): AnyMessage | undefined {
  try {
    const parsed = z.union([messageSchema, listMessageSchema]).safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The message group of a place: messages of one group are never handled at the same time. SQS allows 128 letters,
 * digits and punctuation marks (SendMessage, MessageGroupId).
 */
export function toGroup({ mirror, identity }: Pick<Place, 'mirror' | 'identity'>): string {
  const group = `${mirror}/${identity}`;
  return /^[!-~]{1,128}$/.test(group) ? group : `sha256:${toDigest([group])}`;
}

/** The message group of a message. */
export function toMessageGroup(message: AnyMessage): string {
  return 'list' in message ? 'list' : toGroup(message.place);
}

/** An id of 64 hexadecimal digits: the same for the same parts. */
export function toDigest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}

/** For the log: `acme/app`, with the mirror where its name says more. */
export function toPlaceName({ mirror, path }: Place): string {
  return `${mirror}: ${path}`;
}
