import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type * as z from 'zod';
import { toJson } from '../api/exchange';

/** One request of a host to our listener. */
export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  /** As it came: the signature is over these bytes. */
  readonly body: Buffer;
}

/** What a delivery is good for. It is a hint: what to do is found by looking. */
export type Hint =
  /** Something was pushed to this repository, or it was changed in another way. */
  | { readonly kind: 'look'; readonly identity: string }
  /** A repository was created, deleted, renamed or moved: list again. */
  | { readonly kind: 'list' }
  /** The host tries whether we are there. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'ignored' };

/** How one kind of host delivers. */
export interface Deliveries {
  /**
   * Whether the host signed this with one of the secrets: the one in use and, while it is replaced, the one before.
   * Compared in constant time. An empty secret is none. `now` is in milliseconds since 1970.
   */
  isGenuine(delivery: Delivery, secrets: readonly string[], now: number): boolean;
  /** Reads a genuine delivery. What can't be read is ignored. `authority` is that of the host. */
  parse(delivery: Delivery, authority: string): Hint;
}

/** `X-Hub-Signature: sha256=<hex>` and its like: HMAC-SHA256 of the raw body. */
export function hasHubSignature(
  { headers, body }: Delivery,
  header: string,
  secrets: readonly string[],
): boolean {
  const signature = readOne(headers, header);
  if (signature === undefined || !/^sha256=[0-9a-f]{64}$/i.test(signature)) return false;
  return isAnyOf(
    signature.toLowerCase(),
    toUsable(secrets).map((secret) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`),
  );
}

/** In constant time, and without a hint at which one it is or at their lengths. */
export function isAnyOf(text: string, expected: readonly string[]): boolean {
  const digest = createHash('sha256').update(text).digest();
  let found = false;
  for (const each of expected) {
    if (timingSafeEqual(digest, createHash('sha256').update(each).digest())) found = true;
  }
  return found;
}

export function toUsable(secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => secret !== '');
}

/** A header that comes once. */
export function readOne(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The body by a schema; undefined for one of another form. GitHub can send it as a field of a form. */
export function readBody<T>({ headers, body }: Delivery, schema: z.ZodType<T>): T | undefined {
  const text = body.toString('utf8');
  const isForm = readOne(headers, 'content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  const json = toJson(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text);
  return schema.safeParse(json).data;
}
