import * as z from 'zod';

/** A request to the URL of the function. */
export interface Hook {
  /** Begins with a slash. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came: a signature is over these bytes. */
  readonly body: Buffer;
}

/** What a genuine webhook says. */
export type HookHint =
  | { readonly kind: 'look'; readonly mirror: string; readonly identity: string }
  /** Repositories have come, gone or been renamed. */
  | { readonly kind: 'list'; readonly mirror: string }
  | { readonly kind: 'nothing' };

/** Knows the webhooks of the mirrors and their secrets. */
export interface WebhookDoor {
  /** Undefined for what is not genuine. `now` is in milliseconds since 1970. */
  open(hook: Hook, now: number): Promise<HookHint | undefined>;
}

/** "Request payload format" of Lambda function URLs, version 2.0. */
const requestSchema = z.object({
  rawPath: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().default(''),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
});

/** Undefined for an event that is no request. */
export function readHook(event: unknown): Hook | undefined {
  const { data } = requestSchema.safeParse(event);
  if (data === undefined) return undefined;
  const { rawPath, headers, body, isBase64Encoded, requestContext } = data;
  if (requestContext.http.method !== 'POST') return { path: '/', headers: {}, body: Buffer.alloc(0) };
  return {
    path: rawPath,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}
