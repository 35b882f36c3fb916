import * as z from 'zod';
import { MirrorError } from '../../errors';
import { type Hook, readHook, type WebhookDoor } from './hooks';
import { type Message, type Place, toDigest, toGroup, toPlaceName } from './message';
import { lookAll, type TickParts, tick } from './tick';

export interface IntakeParts extends TickParts {
  /** Undefined where no host sends webhooks. */
  readonly hooks: WebhookDoor | undefined;
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
 * Takes what says that something may have happened, and puts the places that it is about into the queue. What it gives
 * is the answer of a webhook, or how many messages went out.
 */
export async function takeIn(event: unknown, parts: IntakeParts): Promise<unknown> {
  const hook = readHook(event);
  if (hook !== undefined) return await takeHook(hook, parts);
  const order = orderSchema.safeParse(event);
  if (order.success)
    return { sent: await ('tick' in order.data ? tick(parts) : lookAll(order.data.ask, parts)) };
  const change = eventSchema.safeParse(event);
  if (change.success) return { sent: await takeEvent(change.data, event, parts) };
  throw unknownEvent();
}

async function takeEvent(
  { id, region, detail, 'detail-type': type }: z.output<typeof eventSchema>,
  whole: unknown,
  parts: IntakeParts,
): Promise<number> {
  const name = detail.repositoryName;
  if (type !== 'CodeCommit Repository State Change' || !refEvents.test(detail.event)) return 0;
  const places = parts.catalogue.findByRepository({ region, name, id: detail.repositoryId });
  if (places.length === 0) parts.log.skip(`${name} (${region}) is not among what is mirrored.`);
  // The same event may come twice; two events of one repository never have one id.
  return await send(places, { reason: 'event', because: id, event: whole }, parts);
}

interface Because {
  readonly reason: Message['reason'];
  /** What tells this moment from another one. */
  readonly because: string;
  readonly event?: unknown;
}

async function send(places: readonly Place[], { reason, because, event }: Because, parts: IntakeParts) {
  const messages = places.map((place): Message => {
    const id = toDigest([reason, because, toGroup(place)]);
    return { version: 1, place, reason, id, continued: 0, ...(event !== undefined && { event }) };
  });
  await parts.queue.send(messages);
  for (const place of places) parts.log.info(`${toPlaceName(place)}: put into the queue (${reason}).`);
  return messages.length;
}

/** Answered at once: the work is the queue's. Whoever has no valid signature learns nothing. */
async function takeHook(hook: Hook, parts: IntakeParts) {
  const hint = await parts.hooks?.open(hook, parts.clock.now());
  if (hint === undefined) return { statusCode: 401, body: '' };
  if (hint.kind === 'look') {
    const known = await parts.store.readRepository(hint.mirror, hint.identity);
    if (known === undefined) await tick(parts, hint.mirror);
    else {
      const place = { mirror: hint.mirror, identity: hint.identity, path: known.path };
      await send([place], { reason: 'webhook', because: toDigest([hook.body]) }, parts);
    }
  }
  if (hint.kind === 'list') await tick(parts, hint.mirror);
  return { statusCode: 202, body: '' };
}

const unknownEvent = () =>
  new MirrorError('fleet-aws-failed', {
    message: 'The event is none of CodeCommit, of the schedule, or of a webhook.',
    remedy: 'Invoke this function with {"ask": "*"} to look at every repository.',
  });
