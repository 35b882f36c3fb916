import * as z from 'zod';
import { MirrorError } from '../../../errors';
import type { Log } from '../../../system/context';
import type { EventSources } from '../catalogue/catalogue';
import type { Clock } from '../resources/clock';
import {
  type AnyMessage,
  type ListWish,
  type Message,
  toDigest,
  toGroup,
  toPlaceName,
} from '../resources/message';
import type { Queue } from '../resources/sqsQueue';

export interface IntakeParts {
  readonly sources: EventSources;
  readonly queue: Queue;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/**
 * "CodeCommit Repository State Change" (AWS CodeCommit User Guide, "Monitoring CodeCommit events in Amazon EventBridge").
 * Only what counts here is read: AWS adds fields.
 */
const eventSchema = z.object({
  id: z.string(),
  source: z.literal('aws.codecommit'),
  'detail-type': z.string(),
  region: z.string(),
  detail: z.object({ event: z.string(), repositoryName: z.string(), repositoryId: z.string() }),
});

/** The schedule of the stack, and a person: `{"ask": "*"}`, `{"ask": "svc-*"}`. */
const orderSchema = z.union([z.object({ tick: z.literal(true) }), z.object({ ask: z.string().min(1) })]);

/** The events that move a ref. `unreferencedMergeCommitCreated` moves none. */
const refEvents = /^reference(Created|Updated|Deleted)$/;

/**
 * Takes what says that something may have happened, and puts what is to be done into the queue: nothing is asked of a
 * host here. Gives how many messages went out. Throws MirrorError.
 */
export async function takeIn(event: unknown, parts: IntakeParts): Promise<{ readonly sent: number }> {
  const order = orderSchema.safeParse(event);
  if (order.success) return { sent: await takeOrder(order.data, parts) };
  const change = eventSchema.safeParse(event);
  if (change.success) return { sent: await takeEvent(change.data, event, parts) };
  throw unknownEvent();
}

/** The schedule's orders of one minute are one. */
async function takeOrder(
  order: z.output<typeof orderSchema>,
  { queue, clock, log }: IntakeParts,
): Promise<number> {
  const now = clock.now();
  const wish: ListWish = { isWhole: false, ...('ask' in order && { asked: order.ask }) };
  const moment = 'ask' in order ? `${order.ask} ${now}` : String(Math.floor(now / 60_000));
  const message: AnyMessage = { version: 1, list: wish, id: toDigest(['list', moment]) };
  await queue.send([message]);
  log.info(`A listing was put into the queue${'ask' in order ? `, for ${order.ask}` : ''}.`);
  return 1;
}

async function takeEvent(
  { id, region, detail, 'detail-type': type }: z.output<typeof eventSchema>,
  whole: unknown,
  parts: IntakeParts,
): Promise<number> {
  const name = detail.repositoryName;
  if (type !== 'CodeCommit Repository State Change' || !refEvents.test(detail.event)) return 0;
  const places = parts.sources.findByRepository({ region, name, id: detail.repositoryId });
  if (places.length === 0) parts.log.skip(`${name} (${region}) is not among what is mirrored.`);
  const messages = places.map((place): Message => {
    // The same event may come twice; two events of one repository never have one id.
    const own = toDigest(['event', id, toGroup(place)]);
    return { version: 1, place, reason: 'event', id: own, continued: 0, event: whole };
  });
  await parts.queue.send(messages);
  for (const place of places) parts.log.info(`${toPlaceName(place)}: put into the queue (event).`);
  return messages.length;
}

const unknownEvent = () =>
  new MirrorError('fleet-aws-failed', {
    message: 'The event is none of CodeCommit or of the schedule.',
    remedy: 'Invoke this function with {"ask": "*"} to look at every repository.',
  });
