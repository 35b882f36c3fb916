import { setMaxListeners } from 'node:events';
import { z } from 'zod';
import type { MirrorError } from '../../../errors';
import type { HttpAnswer } from '../../../system/request';
import { hostFailed, inClear, notPermitted, quotaUsedUp, tokenRefused } from '../errors';
import { createExchange, toJson } from './exchange';
import type { Clock, Limiters } from './limiter';
import type { Throttle } from './limits';

/** What the fleet hands down to its hosts. */
export interface HostContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Shared by all hosts of the process. */
  readonly limiters: Limiters;
  /** A host that asks to wait for longer fails the call, with `fleet-host-throttled`. Default: 10 minutes. */
  readonly waitAtMostMilliseconds?: number;
  /** How long one answer may take. Default: 30,000. */
  readonly answerMilliseconds?: number;
  /** Told before each wait that a host asked for: whose, how long, why. */
  readonly onWait?: (host: string, milliseconds: number, said: string) => void;
}

/** How one kind of host speaks. All of it is read from answers; nothing here asks. */
export interface Dialect {
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds between two requests that change something. */
  readonly writePause?: number;
  /** How a token is made that serves, for the error of one that is refused. */
  readonly tokenRemedy: string;
  /** Undefined for an answer that no limit has caused. */
  readThrottle(answer: HttpAnswer, now: number): Throttle | undefined;
  /** Milliseconds that the next request must wait, from an answer that was given. */
  readExhausted?(answer: HttpAnswer, now: number): number | undefined;
  /** What is wrong with the token as a whole, beyond 401; undefined for any other answer. */
  readTokenFault?(answer: HttpAnswer): string | undefined;
  /** Which scope the token lacks, from an answer 403; undefined where it does not say that it is a scope. */
  readMissingScope?(answer: HttpAnswer): string | undefined;
  /** What the host says in the body of an answer that is an error. */
  readSaid(body: unknown): string;
}

export interface ApiSettings {
  /** For messages: `GitHub (github.com)`. */
  readonly name: string;
  /** Identifies the host among the limiters. */
  readonly authority: string;
  /** The base URL of the API, without a slash at its end. */
  readonly base: string;
  readonly dialect: Dialect;
  /** The headers that prove who asks, made afresh for each request. */
  authorize(): Promise<Readonly<Record<string, string>>>;
}

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
  let refusal: { readonly authorization: string; readonly error: MirrorError } | undefined;

  /** Undefined: 404. A token that was refused once is not shown again. */
  async function answerTo<T>(request: ApiRequest<T>): Promise<Reply<T> | { readonly missing: HttpAnswer }> {
    const proof = await settings.authorize();
    const authorization = JSON.stringify(proof);
    if (refusal?.authorization === authorization) throw refusal.error;
    const answer = await exchange({ ...request, call: toCall(request), proof });
    const fault = readTokenFault(dialect, answer, request.isVital === true);
    if (fault !== undefined) {
      refusal = { authorization, error: tokenRefused(name, fault, dialect.tokenRemedy) };
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
