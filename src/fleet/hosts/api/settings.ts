import type { HttpAnswer } from '../../../http/request';
import type { Clock, Limiters } from './limiter';
import type { Throttle } from './limits';

/** How long a login that was refused is not shown again: thousands of calls are refused once, and a new login is noticed soon. */
export const refusalMilliseconds = 60_000;

/** What the fleet hands down to its hosts. */
export interface HostContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Shared by all hosts of the process. */
  readonly limiters: Limiters;
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
