import { hasCode, type MirrorError } from '../../../errors';
import { type HttpAnswer, type HttpRequest, sendRequest } from '../../../http/request';
import { toStopError } from '../../../system/errors';
import { HostThrottled, hostFailed, hostUnreachable } from '../errors';
import { pause } from './limiter';
import { readHeader, readRetryAfter } from './limits';
import type { ApiSettings, HostContext } from './settings';

/** A request as it goes out. */
export interface Outgoing {
  readonly method: string;
  /** As ApiRequest has it. */
  readonly path: string;
  readonly body?: unknown;
  /** For messages. */
  readonly call: string;
  /** The headers that prove who asks. */
  readonly proof: Readonly<Record<string, string>>;
}

/** Gives an answer below 500 that no limit has caused. Throws MirrorError where there is none after several tries. */
export type Exchange = (request: Outgoing) => Promise<HttpAnswer>;

/** Tries of one request for failures of the network and of the server, and as many for limits. */
const tries = 4;
const redirectsAtMost = 5;
/** GitHub: at least a minute where it does not say how long ("Rate limits for the REST API"). */
const unsaidWait = 60_000;
/** What a host says beyond it is no time. */
const waitEver = 30 * 24 * 3_600_000;
/** A host that asks to wait for longer fails the call. */
const waitAtMost = 10 * 60_000;
const answerDefault = 30_000;

/** What the requests of one token share. */
interface Session {
  readonly settings: ApiSettings;
  readonly context: HostContext;
  /** Nothing is asked before this time. */
  openAt: number;
  /** Why. */
  said: string;
  /** Nothing is changed before this time. */
  writeAt: number;
}

export function createExchange(settings: ApiSettings, context: HostContext): Exchange {
  const session: Session = { settings, context, openAt: 0, said: '', writeAt: 0 };
  return async (request) => {
    const refuse = (why: string) => hostFailed(settings.name, request.call, why);
    const start = toUrl(settings.base, request.path);
    if (start === undefined) throw refuse(`"${request.path}" is no URL`);
    let url: URL = start;
    for (let redirects = 0; redirects <= redirectsAtMost; redirects++) {
      const answer = await obtain(session, request, url);
      const location = readHeader(answer.headers, 'location');
      if (![301, 302, 307, 308].includes(answer.status) || location === undefined) return answer;
      const target: URL | undefined = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      // The token goes to nobody else.
      if (target?.origin !== url.origin) throw refuse(`it leads to "${target?.origin ?? location}"`);
      url = target;
    }
    throw refuse(`more than ${redirectsAtMost} redirects`);
  };
}

/** A whole URL, such as that of the next page, counts for its path and query: behind a proxy it may name another host. */
function toUrl(base: string, path: string): URL | undefined {
  if (path.startsWith('/')) return new URL(`${base}${path}`);
  if (!URL.canParse(path)) return undefined;
  const { pathname, search } = new URL(path);
  return new URL(`${pathname}${search}`, base);
}

async function obtain(session: Session, request: Outgoing, url: URL): Promise<HttpAnswer> {
  const { name } = session.settings;
  let failures = 0;
  for (let throttles = 0; ; ) {
    const sent = await send(session, request, { url, throttles });
    if (sent.isThrottled) {
      throttles += 1;
      if (throttles === tries) throw new HostThrottled(name, new Date(session.openAt), session.said);
    } else {
      if (sent.failure === undefined) return sent.answer;
      failures += 1;
      // A POST may have been carried out: done twice, it would be done twice.
      if (failures === tries || request.method === 'POST') throw sent.failure;
      await recover(session, sent.answer, failures);
    }
  }
}

type Sent =
  | { readonly isThrottled: true }
  | { readonly isThrottled: false; readonly answer: HttpAnswer; readonly failure?: undefined }
  | { readonly isThrottled: false; readonly answer?: HttpAnswer; readonly failure: MirrorError };

interface Try {
  readonly url: URL;
  /** How often this request was held back before. */
  readonly throttles: number;
}

/** Waits for its turn, then sends once. Throws what no further try would change. */
async function send(session: Session, request: Outgoing, once: Try): Promise<Sent> {
  const { settings, context } = session;
  const { clock, signal } = context;
  const limiter = context.limiters.of(settings.authority);
  for (;;) {
    await waitForTurn(session, request.method !== 'GET');
    const sent = await limiter.run(signal, async () => {
      // Another request may have met a limit while this one waited for its turn.
      if (session.openAt > clock.now()) return undefined;
      return await sendOnce(session, request, once);
    });
    if (sent !== undefined) return sent;
  }
}

async function waitForTurn(session: Session, writes: boolean): Promise<void> {
  const { settings, context } = session;
  const { clock, signal } = context;
  for (let left = session.openAt - clock.now(); left > 0; left = session.openAt - clock.now()) {
    if (left > waitAtMost) throw new HostThrottled(settings.name, new Date(session.openAt), session.said);
    await pause(left, clock, signal);
  }
  if (!writes) return;
  const start = Math.max(session.writeAt, clock.now());
  session.writeAt = start + (settings.dialect.writePause ?? 0);
  await pause(start - clock.now(), clock, signal);
}

async function sendOnce(session: Session, request: Outgoing, once: Try): Promise<Sent> {
  const { settings, context } = session;
  const { name, dialect } = settings;
  try {
    const answer = await sendRequest(once.url, toHttpRequest(session, request), context);
    if (isHeldBack(session, answer, once.throttles)) return { isThrottled: true };
    if (answer.status < 500) return { isThrottled: false, answer };
    const said = `${answer.status} ${dialect.readSaid(toJson(answer.text))}`;
    return { isThrottled: false, answer, failure: hostFailed(name, request.call, said) };
  } catch (error) {
    if (context.signal.aborted) throw toStopError(context.signal.reason);
    if (hasCode(error, ['proxy-refused'])) throw error;
    return { isThrottled: false, failure: hostUnreachable(name, once.url.origin, error) };
  }
}

function toHttpRequest({ settings, context }: Session, { method, body, proof }: Outgoing): HttpRequest {
  const content = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return {
    method,
    headers: { ...settings.dialect.headers, ...content, ...proof, 'User-Agent': 'codecommit-mirror' },
    body: body === undefined ? undefined : JSON.stringify(body),
    timeout: context.answerMilliseconds ?? answerDefault,
  };
}

/** Whether a limit has caused this answer. Then, or where nothing is left, every request of this token waits. */
function isHeldBack(session: Session, answer: HttpAnswer, times: number): boolean {
  const { dialect } = session.settings;
  const now = session.context.clock.now();
  const exhausted = dialect.readExhausted?.(answer, now);
  if (exhausted !== undefined) close(session, exhausted, 'the requests of this period are used up');
  const throttle = dialect.readThrottle(answer, now);
  if (throttle === undefined) return false;
  // Data Center says 0 where another request has just taken the last token of the bucket.
  close(session, Math.max(1_000, throttle.wait ?? unsaidWait * 2 ** times), throttle.said);
  return true;
}

function close(session: Session, wait: number, said: string): void {
  const { settings, context } = session;
  const { clock, onWait } = context;
  const openAt = clock.now() + Math.min(wait, waitEver);
  if (openAt <= session.openAt) return;
  // Once for all requests that wait for the same.
  if (session.openAt <= clock.now() && wait <= waitAtMost) onWait?.(settings.name, wait, said);
  session.openAt = openAt;
  session.said = said;
}

/** After a failure: as long as the host asks for, or 1 s doubling up to 30 s, with jitter between half and all of it. */
async function recover(session: Session, answer: HttpAnswer | undefined, failures: number): Promise<void> {
  const { clock, signal } = session.context;
  const asked = answer && readRetryAfter(answer.headers, clock.now());
  if (asked !== undefined) return close(session, asked, `it answers ${answer?.status}`);
  const whole = Math.min(1_000 * 2 ** (failures - 1), 30_000);
  await pause(whole * (0.5 + Math.random() / 2), clock, signal);
}

/** Undefined for what is no JSON, such as the page of a proxy. */
export function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
