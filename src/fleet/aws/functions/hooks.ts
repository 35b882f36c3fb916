import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Log } from '../../../system/context';
import type { Hint } from '../../hosts/webhooks/delivery';
import type { Fleet } from '../../run/fleet';
import { type HookRequest, hookBytes, receiveHook } from '../../service/receiveHook';
import type { Plans } from '../catalogue/plans';
import type { Clock } from '../resources/clock';
import type { HookSecrets } from '../resources/hookSecrets';
import { type AnyMessage, toDigest } from '../resources/message';
import type { Queue } from '../resources/sqsQueue';

export interface HookParts {
  readonly fleet: Pick<Fleet, 'configuration' | 'hostsOf'>;
  readonly plans: Pick<Plans, 'find'>;
  readonly secrets: HookSecrets;
  readonly queue: Queue;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** "Request payload format" of Lambda function URLs, version 2.0. */
const requestSchema = z.object({
  rawPath: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().default(''),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
});

/** Answers a webhook: a genuine one puts what it is about into the queue first, and that is all. */
export async function takeHook(event: unknown, parts: HookParts): Promise<{ readonly statusCode: number }> {
  const request = readRequest(event);
  if (request === undefined) return { statusCode: 400 };
  const { status, hint } = await receiveHook(request, parts.fleet, (test) => parts.secrets.test(test));
  if (hint !== undefined) await parts.queue.send(await toMessages(hint, parts));
  return { statusCode: status };
}

/** Undefined for an event that is no request. */
export function readRequest(event: unknown): HookRequest | undefined {
  const { data } = requestSchema.safeParse(event);
  if (data === undefined) return undefined;
  const { rawPath: path, headers, body, isBase64Encoded, requestContext } = data;
  // A signature is over the bytes as they came.
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  return {
    method: requestContext.http.method,
    path,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    readBody: async () => (bytes.length > hookBytes ? 413 : bytes),
  };
}

async function toMessages(hint: Hint, parts: HookParts): Promise<readonly AnyMessage[]> {
  if (hint.kind === 'list') return [toList('webhook', parts)];
  if (hint.kind !== 'look') return [];
  const { identity } = hint;
  // Several mirrors may have the same source.
  const mirrors = parts.fleet.configuration.mirrors.filter((mirror) =>
    identity.startsWith(`${parts.fleet.hostsOf(mirror).source.authority}#`),
  );
  const found = await Promise.all(
    mirrors.map(async ({ name }) => ({ name, plan: await parts.plans.find({ mirror: name, identity }) })),
  );
  if (found.every(({ plan }) => plan === undefined)) return [toList(identity, parts)];
  return found.flatMap(({ name, plan }): AnyMessage[] => {
    if (plan === undefined || plan.decision.action === 'idle') return [];
    parts.log.info(`${name}: ${plan.path}: put into the queue (webhook).`);
    const place = { mirror: name, identity, path: plan.path };
    // What a webhook says twice costs one look; what it says again later must not be taken for the same.
    return [{ version: 1, place, reason: 'webhook', id: randomUUID(), continued: 0 }];
  });
}

/** Many webhooks of one minute are one listing. */
function toList(because: string, { clock, log }: HookParts): AnyMessage {
  log.info('A listing was put into the queue (webhook).');
  const id = toDigest(['webhook', because, String(Math.floor(clock.now() / 60_000))]);
  return { version: 1, list: { isWhole: true }, id };
}
