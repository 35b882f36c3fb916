import { isIPv6 } from 'node:net';

/** What a URL must not contain, and its description. */
const foreign: readonly (readonly [RegExp, string])[] = [
  [/^-/, 'begins with a dash'],
  [/\$/, 'contains a $: a variable in it was not replaced by its value'],
  [/\s/, 'contains white space'],
  [/%/, 'contains a percent sign: percent-encoding is not supported here'],
  [/[?#]/, 'contains a ? or #'],
  [/[^!-~]/, 'contains a character that is not plain ASCII'],
  [/["'`\\<>^{|}]/, 'contains a quotation mark, bracket or backslash'],
];

/** Describes what in a URL git, ssh or a shell could misinterpret; undefined if there is nothing. */
export function findForeign(text: string): string | undefined {
  return foreign.find(([pattern]) => pattern.test(text))?.[1];
}

/** Gives a host name or IP address in lower case; undefined if it is neither. `bracketed`: it was in [ ]. */
export function parseHost(text: string, bracketed: boolean): string | undefined {
  if (bracketed) return isIPv6(text) && !text.includes('%') ? text.toLowerCase() : undefined;
  // RFC 1123 labels. The underscore is not valid in DNS, but container networks use it.
  const valid = text.length <= 253 && /^[a-z0-9_]([\w-]*\w)?(\.\w([\w-]*\w)?)*$/i.test(text);
  return valid ? text.toLowerCase() : undefined;
}

/** Gives a port of 1 to 65535; undefined for anything else. */
export function parsePort(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** This machine itself: traffic to it does not cross a network. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
