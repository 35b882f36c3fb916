import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { hasCode, PermissionMissing } from '../../errors';
import { toJson } from '../../fleet/hosts/api/exchange';
import { readRetryAfter } from '../../fleet/hosts/api/limits';
import { type HttpAnswer, sendRequest } from '../../http/request';
import {
  bitbucketFailed,
  bitbucketGone,
  bitbucketRefused,
  bitbucketThrottled,
  bitbucketUnauthorised,
  bitbucketUnreachable,
  type TokenKind,
} from './errors';

export interface BitbucketAccess {
  readonly base: string;
  /** The value of the Authorization header. */
  readonly authorization: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Milliseconds from the request to the end of the response. Default: 30,000. */
  readonly answerMilliseconds?: number;
  /** Called when Bitbucket asks to wait. */
  readonly onWait: (seconds: number) => void;
}

export interface BitbucketRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** A path below the base URL without a leading slash, or a complete URL from Bitbucket. */
  readonly path: string;
  readonly body?: unknown;
  /** The required scope, in case Bitbucket does not name it. */
  readonly scope: string;
}

/** The response of Bitbucket. Other statuses are errors. */
export interface BitbucketAnswer {
  readonly status: 'done' | 'not-found' | 'conflict';
  readonly body: unknown;
}

const tries = 5;
/** Bitbucket's hourly limits may ask for a much longer wait, which is not useful at a terminal. */
const waitAtMostSeconds = 60;

/** Sends a request, and retries when Bitbucket asks for it. Throws MirrorError. */
export async function askBitbucket(
  access: BitbucketAccess,
  request: BitbucketRequest,
): Promise<BitbucketAnswer> {
  for (let attempt = 1; ; attempt++) {
    const { status, text, headers } = await send(access, request);
    if (![429, 502, 503, 504].includes(status))
      return toAnswer(request, { status, text }, toTokenKind(access));
    const seconds = Math.ceil((readRetryAfter(headers, Date.now()) ?? 500 * 2 ** attempt) / 1_000);
    if (attempt === tries || seconds > waitAtMostSeconds) {
      if (status === 429) throw bitbucketThrottled(seconds);
      throw bitbucketFailed(toCall(request), `${status} ${text}`);
    }
    access.onWait(seconds);
    await wait(seconds * 1000, undefined, { signal: access.signal });
  }
}

const listPage = z.object({ values: z.array(z.unknown()), next: z.string().optional() });

/** Every item of a list, from all pages. Empty if the list does not exist. */
export async function listBitbucket<T>(
  access: BitbucketAccess,
  { path, scope, item }: { path: string; scope: string; item: z.ZodType<T> },
): Promise<readonly T[]> {
  const items: T[] = [];
  let next: string | undefined = `${path}?pagelen=100`;
  while (next !== undefined) {
    const request: BitbucketRequest = { method: 'GET', path: next, scope };
    const answer = await askBitbucket(access, request);
    if (answer.status !== 'done') return items;
    const { values, next: following } = parseBody(listPage, answer, request);
    items.push(...parseBody(z.array(item), { body: values }, request));
    // The token is sent to no other host, whatever the page says.
    const isOurs = following === undefined || new URL(following).origin === new URL(access.base).origin;
    if (!isOurs) throw bitbucketFailed(toCall(request), `next: ${following}`);
    next = following;
  }
  return items;
}

export function parseBody<T>(schema: z.ZodType<T>, answer: { body: unknown }, request: BitbucketRequest): T {
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw bitbucketFailed(toCall(request), z.prettifyError(parsed.error));
}

async function send(access: BitbucketAccess, { method, path, body }: BitbucketRequest): Promise<HttpAnswer> {
  const url = new URL(path.startsWith('http') ? path : `${access.base}/${path}`);
  const headers = {
    Authorization: access.authorization,
    Accept: 'application/json',
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  const { answerMilliseconds: timeout = 30_000, env, signal } = access;
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await sendRequest(url, { method, headers, timeout, body: text }, { env, signal });
  } catch (error) {
    if (signal.aborted || hasCode(error, ['proxy-refused'])) throw error;
    throw bitbucketUnreachable(access.base, error);
  }
}

/** API tokens are sent as Basic, access tokens as Bearer. */
export function toTokenKind({ authorization }: Pick<BitbucketAccess, 'authorization'>): TokenKind {
  return authorization.startsWith('Basic') ? 'api' : 'access';
}

function toAnswer(
  request: BitbucketRequest,
  { status, text }: { status: number; text: string },
  kind: TokenKind,
): BitbucketAnswer {
  const body = toJson(text);
  if (status >= 200 && status < 300) return { status: 'done', body };
  if (status === 404) return { status: 'not-found', body };
  if (status === 409) return { status: 'conflict', body };
  const { message, required } = parseError(body);
  if (status === 401) throw bitbucketUnauthorised(message, kind);
  if (status === 403 && isAddressRefused(message)) throw bitbucketRefused(message);
  if (status === 403)
    throw new PermissionMissing('Bitbucket', required ?? `probably ${request.scope}`, message);
  if (status === 410) throw bitbucketGone(message);
  throw bitbucketFailed(toCall(request), `${status} ${message || text}`);
}

/** A workspace may allow only some addresses; then a scope does not help. */
function isAddressRefused(message: string): boolean {
  return /allow.?list|whitelist|IP address/i.test(message);
}

const errorBody = z.object({
  error: z.object({
    message: z.string().optional(),
    detail: z
      .object({ required: z.array(z.string()) })
      .optional()
      .catch(undefined),
  }),
});

function parseError(body: unknown): { message: string; required: string | undefined } {
  const { message = '', detail } = errorBody.safeParse(body).data?.error ?? {};
  return { message, required: detail?.required.join(' and ') || undefined };
}

function toCall({ method, path }: BitbucketRequest): string {
  return `${method} ${path}`;
}
