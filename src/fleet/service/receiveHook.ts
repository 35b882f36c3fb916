import type { IncomingHttpHeaders } from 'node:http';
import { deliveriesOf } from '../hosts/open';
import type { Hint } from '../hosts/webhooks/delivery';
import type { Fleet } from '../run/fleet';

/** A request to `/hooks/<mirror>`. */
export interface HookRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** A status for a body that is too large, or too much beside others. */
  readonly readBody: () => Promise<Buffer | 413 | 503>;
}

/** The answer to a webhook, and, of a genuine one, what it says. */
export interface ReceivedHook {
  /** Of HTTP: 202 for a genuine one, and else 401, 404, 405, 413 or 503. */
  readonly status: number;
  readonly hint?: Hint;
}

/** GitHub caps payloads at 25 MB ("Webhook events and payloads"). */
export const hookBytes = 25 * 2 ** 20;

/**
 * Verifies a webhook and reads it. `isGenuine` is asked with a test of the host's kind: it knows the secrets, two while
 * one is replaced.
 */
export async function receiveHook(
  request: HookRequest,
  { configuration, hostsOf }: Pick<Fleet, 'configuration' | 'hostsOf'>,
  isGenuine: (test: (secrets: readonly string[]) => boolean) => Promise<boolean>,
): Promise<ReceivedHook> {
  const [, name = ''] = /^\/hooks\/([\w.-]+)$/.exec(request.path) ?? [];
  const mirror = configuration.mirrors.find((each) => each.name === name);
  const kind = mirror && deliveriesOf[mirror.from.host];
  if (mirror === undefined || kind === undefined) return { status: 404 };
  if (request.method !== 'POST') return { status: 405 };
  const body = await request.readBody();
  if (typeof body === 'number') return { status: body };
  const delivery = { headers: request.headers, body };
  const isOurs = await isGenuine((secrets) => kind.isGenuine(delivery, secrets, Date.now()));
  if (!isOurs) return { status: 401 };
  return { status: 202, hint: kind.parse(delivery, hostsOf(mirror).source.authority) };
}
