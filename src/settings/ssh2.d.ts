/** The part of ssh2 that reads keys: the function that `ssh2.utils.parseKey` is. */
declare module 'ssh2/lib/protocol/keyParser.js' {
  export function parseKey(key: string): import('ssh2').ParsedKey | Error;
}
