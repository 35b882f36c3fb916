import { setMaxListeners } from 'node:events';
import * as z from 'zod';
import type { MirrorError } from '../../../errors';
import type { HttpAnswer } from '../../../http/request';
import { hostFailed, inClear, notPermitted, quotaUsedUp, tokenRefused } from '../errors';
import { createExchange, toJson } from './exchange';
import { type ApiSettings, type Dialect, type HostContext, refusalMilliseconds } from './settings';

export interface ApiRequest<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, with a slash at its start; or a whole URL of the host's answer, used on our origin alone. */
  readonly path: string;
  readonly body?: unknown;
  /** What is read of the answer. */
  readonly schema: z.ZodType<T>;
  /** The permission or scope that this needs, in the host's words: for the error of one who lacks it. */
  readonly needs: string;
  /** A token that lacks the scope for this serves for nothing: it is refused as a whole. */
  readonly isVital?: boolean;
  /** Gives the error for an answer that means something to the caller. */
  readonly toError?: (status: number, said: string, body: unknown) => MirrorError | undefined;
}

/** Looks at something that a token must be able to see to serve at all. */
export function toRead<T>(schema: z.ZodType<T>, needs: string) {
  return { method: 'GET', schema, needs, isVital: true } as const;
}

/** Changes something; nothing of the answer is read. */
export function toWrite(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  needs: string,
  body?: unknown,
): ApiRequest<unknown> {
  return { method, path, needs, schema: z.unknown(), ...(body !== undefined && { body }) };
}

export interface Reply<T> {
  readonly body: T;
  readonly headers: HttpAnswer['headers'];
}

export interface Api {
  readonly name: string;
  /** Throws MirrorError unless the host does what it is asked for. */
  ask<T>(request: ApiRequest<T>): Promise<Reply<T>>;
  /** As `ask`; undefined where the host answers that there is no such thing (404). */
  askIfThere<T>(request: ApiRequest<T>): Promise<Reply<T> | undefined>;
}

/**
 * Opens a host's API: waits as its limits ask, tries again what may be tried again, and knows the failures of its token.
 * Throws MirrorError `fleet-host-unreachable` for a URL that would get the token in clear.
 */
export function createApi(settings: ApiSettings, context: HostContext): Api {
  const { name, base, dialect } = settings;
  if (!isSafe(base)) throw inClear(name, base);
  // Every request that waits for its turn listens to it.
  setMaxListeners(0, context.signal);
  const exchange = createExchange(settings, context);
  let refusal: Refusal | undefined;

  /** Undefined: 404. A token that was refused is not shown again for a while: thousands of calls are refused once. */
  async function answerTo<T>(request: ApiRequest<T>): Promise<Reply<T> | { readonly missing: HttpAnswer }> {
    const proof = await settings.authorize();
    const authorization = JSON.stringify(proof);
    if (refusal?.authorization === authorization && context.clock.now() < refusal.until) throw refusal.error;
    const answer = await exchange({ ...request, call: toCall(request), proof });
    const fault = readTokenFault(dialect, answer, request.isVital === true);
    if (fault !== undefined) {
      const until = context.clock.now() + refusalMilliseconds;
      refusal = { authorization, error: tokenRefused(name, fault, dialect.tokenRemedy), until };
      throw refusal.error;
    }
    if (answer.status === 404) return { missing: answer };
    if (answer.status < 200 || answer.status > 299) throw toFailure(settings, request, answer);
    return { headers: answer.headers, body: parse(settings, request, answer) };
  }

  return {
    name,
    async ask(request) {
      const reply = await answerTo(request);
      if ('missing' in reply) throw toFailure(settings, request, reply.missing);
      return reply;
    },
    async askIfThere(request) {
      const reply = await answerTo(request);
      return 'missing' in reply ? undefined : reply;
    },
  };
}

interface Refusal {
  readonly authorization: string;
  readonly error: MirrorError;
  /** The same token may serve again: it was authorised for single sign-on, or the host was mistaken. */
  readonly until: number;
}

function isSafe(base: string): boolean {
  const { protocol, hostname } = new URL(base);
  return protocol === 'https:' || /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname);
}

function readTokenFault(dialect: Dialect, answer: HttpAnswer, isVital: boolean): string | undefined {
  const fault = dialect.readTokenFault?.(answer);
  if (fault !== undefined) return fault;
  if (answer.status === 401) return `401 ${dialect.readSaid(toJson(answer.text))}`;
  return isVital && answer.status === 403 ? dialect.readMissingScope?.(answer) : undefined;
}

function toFailure<T>(settings: ApiSettings, request: ApiRequest<T>, answer: HttpAnswer): MirrorError {
  const { name, dialect } = settings;
  const { status } = answer;
  const body = toJson(answer.text);
  const said = dialect.readSaid(body);
  const known = request.toError?.(status, said, body);
  if (known !== undefined) return known;
  if (status === 403)
    return notPermitted(name, toCall(request), dialect.readMissingScope?.(answer) ?? said, request.needs);
  if (status === 402) return quotaUsedUp(name, said);
  return hostFailed(name, toCall(request), `${status} ${said || answer.text.slice(0, 200)}`);
}

function parse<T>({ name }: ApiSettings, request: ApiRequest<T>, { text }: HttpAnswer): T {
  const parsed = request.schema.safeParse(toJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'the answer';
  throw hostFailed(name, toCall(request), `its answer can't be read, ${where}: ${issue?.message}`);
}

/** For a message: without the query, which is long and never the cause. */
function toCall<T>({ method, path }: ApiRequest<T>): string {
  return `${method} ${path.replace(/\?.*/, '').replace(/^https?:\/\/[^/]+/, '')}`;
}
