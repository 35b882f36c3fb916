import { hasCode, type MirrorError, toStopError } from '../../../errors';
import { type HttpAnswer, sendRequest } from '../../../system/request';
import { HostThrottled, hostFailed, hostUnreachable } from '../errors';
import type { ApiSettings, HostContext } from './api';
import { pause } from './limiter';
import { readHeader, readRetryAfter, type Throttle } from './limits';

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
const waitAtMostDefault = 10 * 60_000;
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
    let url = toUrl(settings.base, request.path);
    for (let redirects = 0; redirects <= redirectsAtMost; redirects++) {
      const answer = await obtain(session, request, url);
      const location = readHeader(answer.headers, 'location');
      if (![301, 302, 307, 308].includes(answer.status) || location === undefined) return answer;
      const target = new URL(location, url);
      // The token goes to nobody else.
      if (target.origin !== url.origin)
        throw hostFailed(settings.name, request.call, `it leads to ${target.origin}`);
      url = target;
    }
    throw hostFailed(settings.name, request.call, `more than ${redirectsAtMost} redirects`);
  };
}

/** A whole URL, such as that of the next page, counts for its path and query: behind a proxy it may name another host. */
function toUrl(base: string, path: string): URL {
  if (path.startsWith('/')) return new URL(`${base}${path}`);
  const { pathname, search } = new URL(path);
  return new URL(`${pathname}${search}`, base);
}

async function obtain(session: Session, request: Outgoing, url: URL): Promise<HttpAnswer> {
  let failures = 0;
  let throttles = 0;
  for (;;) {
    const sent = await send(session, request, url);
    const throttle = sent.answer && readThrottle(session, sent.answer);
    if (throttle !== undefined) {
      throttles += 1;
      holdBack(session, throttle, throttles);
    } else {
      if (sent.failure === undefined) return sent.answer;
      failures += 1;
      // A POST may have been carried out: done twice, it would be done twice.
      if (failures === tries || request.method === 'POST') throw sent.failure;
      await recover(session, sent.answer, failures);
    }
  }
}

function readThrottle({ settings, context }: Session, answer: HttpAnswer): Throttle | undefined {
  return settings.dialect.readThrottle(answer, context.clock.now());
}

type Sent =
  | { readonly answer: HttpAnswer; readonly failure?: undefined }
  | { readonly answer: HttpAnswer | undefined; readonly failure: MirrorError };

/** Waits for its turn, then sends once. Throws what no further try would change. */
async function send(session: Session, request: Outgoing, url: URL): Promise<Sent> {
  const { settings, context } = session;
  const { clock, signal } = context;
  const limiter = context.limiters.of(settings.authority);
  for (;;) {
    await waitForTurn(session, request.method !== 'GET');
    const sent = await limiter.run(signal, async () => {
      // Another request may have met a limit while this one waited for its turn.
      if (session.openAt > clock.now()) return undefined;
      return await sendOnce(session, request, url);
    });
    if (sent !== undefined) return sent;
  }
}

async function waitForTurn(session: Session, writes: boolean): Promise<void> {
  const { settings, context } = session;
  const { clock, signal, waitAtMostMilliseconds = waitAtMostDefault } = context;
  for (let left = session.openAt - clock.now(); left > 0; left = session.openAt - clock.now()) {
    if (left > waitAtMostMilliseconds)
      throw new HostThrottled(settings.name, new Date(session.openAt), session.said);
    context.onWait?.(settings.name, left, session.said);
    await pause(left, clock, signal);
  }
  if (!writes) return;
  const start = Math.max(session.writeAt, clock.now());
  session.writeAt = start + (settings.dialect.writePause ?? 0);
  await pause(start - clock.now(), clock, signal);
}

async function sendOnce(session: Session, request: Outgoing, url: URL): Promise<Sent> {
  const { settings, context } = session;
  const { name, dialect } = settings;
  const { env, signal, answerMilliseconds: timeout = answerDefault } = context;
  const { method, body, call } = request;
  const content = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const headers = { ...dialect.headers, ...content, ...request.proof, 'User-Agent': 'codecommit-mirror' };
  const asked = { method, headers, timeout, body: body === undefined ? undefined : JSON.stringify(body) };
  try {
    const answer = await sendRequest(url, asked, { env, signal });
    const wait = dialect.readExhausted?.(answer, context.clock.now());
    if (wait !== undefined) close(session, wait, 'the requests of this period are used up');
    if (answer.status < 500) return { answer };
    const said = `${answer.status} ${dialect.readSaid(toJson(answer.text))}`;
    return { answer, failure: hostFailed(name, call, said) };
  } catch (error) {
    if (signal.aborted) throw toStopError(signal.reason);
    if (hasCode(error, ['proxy-refused'])) throw error;
    return { answer: undefined, failure: hostUnreachable(name, url.origin, error) };
  }
}

/** Lets every request of this token wait. Throws when one request was held back too often. */
function holdBack(session: Session, { wait, said }: Throttle, times: number): void {
  // Data Center says 0 where another request has just taken the last token of the bucket.
  close(session, Math.max(1_000, wait ?? unsaidWait * 2 ** (times - 1)), said);
  if (times === tries) throw new HostThrottled(session.settings.name, new Date(session.openAt), session.said);
}

function close(session: Session, wait: number, said: string): void {
  const openAt = session.context.clock.now() + wait;
  if (openAt <= session.openAt) return;
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
