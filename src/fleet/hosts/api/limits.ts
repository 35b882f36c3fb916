import type { HttpAnswer } from '../../../http/request';

/** What an answer says about the host's limits. */
export interface Throttle {
  /** Milliseconds from the answer; undefined where the host asks to wait and does not say how long. */
  readonly wait: number | undefined;
  readonly said: string;
}

type Headers = HttpAnswer['headers'];

/**
 * Milliseconds that Retry-After asks for: seconds, or a date (RFC 9110), which is compared with the host's own clock.
 * Undefined without the header.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const value = readHeader(headers, 'retry-after');
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - readHostTime(headers, now));
}

/** Milliseconds until a time in seconds since 1970, which stands in the header of this name. */
export function readReset(headers: Headers, name: string, now: number): number | undefined {
  const value = readNumber(headers, name);
  return value === undefined ? undefined : Math.max(0, value * 1_000 - readHostTime(headers, now));
}

/** The host's clock may differ from ours; its answers say what it shows, to the second. */
function readHostTime(headers: Headers, now: number): number {
  const date = Date.parse(headers.date ?? '');
  return Number.isNaN(date) ? now : date;
}

export function readHeader(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function readNumber(headers: Headers, name: string): number | undefined {
  const value = readHeader(headers, name);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** The URL of `rel` in a Link header (RFC 8288). */
export function readLink(headers: Headers, rel: string): string | undefined {
  for (const part of (readHeader(headers, 'link') ?? '').split(/,\s*(?=<)/)) {
    const [, url, parameters = ''] = /^\s*<([^>]*)>(.*)$/.exec(part) ?? [];
    if (url !== undefined && new RegExp(`;\\s*rel="?${rel}"?(?:;|\\s|$)`).test(parameters)) return url;
  }
  return undefined;
}
