import { isIPv6 } from 'node:net';

/** What no URL of ours may hold, and what to call it. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^-/, 'begins with a dash'],
  [/\$/, 'holds a $: a variable in it has not been replaced by its value'],
  [/\s/, 'holds white space'],
  [/%/, 'holds a percent sign: percent-encoding is not used here'],
  [/[?#]/, 'holds a ? or #'],
  [/[^!-~]/, 'holds a character that is not plain ASCII'],
  [/["'`\\<>^{|}]/, 'holds a quotation mark, bracket or backslash'],
];

/** Tells what a URL holds that git, ssh or a shell could take for something else; undefined when there is nothing. */
export function findForeign(text: string): string | undefined {
  return foreign.find(([pattern]) => pattern.test(text))?.[1];
}

/** Gives a host name or IP address in lower case; undefined when it is neither. `bracketed`: it stood in [ ]. */
export function parseHost(text: string, bracketed: boolean): string | undefined {
  if (bracketed) return isIPv6(text) && !text.includes('%') ? text.toLowerCase() : undefined;
  // RFC 1123 labels; the underscore is not of DNS but of container networks.
  const valid = text.length <= 253 && /^[a-z0-9_]([\w-]*\w)?(\.\w([\w-]*\w)?)*$/i.test(text);
  return valid ? text.toLowerCase() : undefined;
}

/** Gives a port of 1 to 65535; undefined for anything else. */
export function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** This machine itself: what goes there passes no network. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
