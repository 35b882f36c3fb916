import { createHash, createHmac } from 'node:crypto';
import { matchesWildcards } from '../plan/glob';
import type { Fingerprint } from './fingerprints';

/** A line that names a host's key. */
export interface KnownHostsLine {
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** The first field: names and patterns, or one hashed name. */
  readonly names: string;
  readonly keyType: string;
  /** Base64 of the key's wire format. */
  readonly key: string;
}

/** Our own addition to the format, if only the fingerprint of a host is known: `<host> SHA256:<fingerprint>`. */
export interface FingerprintLine {
  readonly names: string;
  readonly fingerprint: Fingerprint;
}

export interface BrokenLine {
  readonly lineNumber: number;
  readonly line: string;
  readonly reason: string;
}

export interface KnownHosts {
  readonly lines: readonly KnownHostsLine[];
  readonly fingerprints: readonly FingerprintLine[];
  readonly broken: readonly BrokenLine[];
}

/** Parses the text of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). No line is dropped silently. */
export function parseKnownHosts(text: string): KnownHosts {
  const lines: KnownHostsLine[] = [];
  const fingerprints: FingerprintLine[] = [];
  const broken: BrokenLine[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const fields = line.trim().split(/[ \t]+/);
    if (fields[0] === '' || fields[0]?.startsWith('#')) continue;
    const parsed = parseFields(fields);
    if (typeof parsed === 'string') broken.push({ lineNumber: index + 1, line: line.trim(), reason: parsed });
    else if ('key' in parsed) lines.push(parsed);
    else fingerprints.push(parsed);
  }
  return { lines, fingerprints, broken };
}

/** Gives the line, or what is wrong with it. */
function parseFields(fields: readonly string[]): KnownHostsLine | FingerprintLine | string {
  const [marker, ...unmarked] = fields[0]?.startsWith('@') ? fields : [undefined, ...fields];
  if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') {
    return `the marker ${marker} does not exist`;
  }
  const [names = '', second, key] = unmarked;
  if (second === undefined) return 'the key is missing';
  if (names.startsWith('|') && parseHashedName(names) === undefined) return 'its hashed host name is damaged';
  if (/^(SHA256|MD5):/.test(second)) {
    if (marker !== undefined) return 'a marker needs a key, not a fingerprint';
    return parseFingerprint(names, second, key);
  }
  if (key === undefined) return 'the key is missing';
  if (readKeyType(key) !== second) return `its key is damaged or not of the type ${second}`;
  const kind = marker === '@revoked' ? 'revoked' : 'cert-authority';
  return { marker: marker === undefined ? undefined : kind, names, keyType: second, key };
}

function parseFingerprint(names: string, text: string, rest: string | undefined) {
  const [, digest] = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text) ?? [];
  if (digest === undefined) return 'a fingerprint is SHA256: and 43 characters of base64';
  if (rest !== undefined && !rest.startsWith('#')) return 'nothing may follow a fingerprint';
  return { names, fingerprint: `SHA256:${digest}` } as const;
}

/** Gives the type at the start of a key in wire format: a 4-byte length, then the name (RFC 4253, 6.6). */
function readKeyType(key: string): string | undefined {
  if (key.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) return undefined;
  const wire = Buffer.from(key, 'base64');
  if (wire.length < 8) return undefined;
  const end = 4 + wire.readUInt32BE(0);
  return end < wire.length ? wire.toString('latin1', 4, end) : undefined;
}

/** The fingerprint of a key (base64 of its wire format), as ssh-keygen prints it. */
export function toFingerprint(key: string, algorithm: 'sha256' | 'md5'): Fingerprint {
  const digest = createHash(algorithm).update(Buffer.from(key, 'base64'));
  if (algorithm === 'sha256') return `SHA256:${digest.digest('base64').replace(/=+$/, '')}`;
  return `MD5:${(digest.digest('hex').match(/../g) ?? []).join(':')}`;
}

/** Whether the first field of a line is about this host and port. */
export function namesHost(names: string, host: string, port: number): boolean {
  const bracketed = `[${host.toLowerCase()}]:${port}`;
  // ssh looks up `host` on port 22 and `[host]:port` on any other; Bitbucket writes `[host]:22` as well.
  const lookup = port === 22 ? host.toLowerCase() : bracketed;
  if (names.startsWith('|')) return [lookup, bracketed].some((name) => matchesHashedName(names, name));
  const patterns = names.toLowerCase().split(',');
  // Only a pattern with a bracket is compared with Bitbucket's form: `*2` does not mean port 22.
  const isAmong = (among: readonly string[]) =>
    among.some((pattern) => matchesWildcards(pattern, pattern.startsWith('[') ? bracketed : lookup));
  const refused = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  return isAmong(patterns.filter((pattern) => !pattern.startsWith('!'))) && !isAmong(refused);
}

/** `|1|<salt>|<mac>`: the mac is HMAC-SHA1 of the name under the salt, both base64 of 20 bytes. */
function parseHashedName(names: string) {
  const [, salt, mac] = /^\|1\|([A-Za-z0-9+/]{27}=)\|([A-Za-z0-9+/]{27}=)$/.exec(names) ?? [];
  return salt === undefined || mac === undefined ? undefined : { salt, mac };
}

function matchesHashedName(names: string, lookup: string): boolean {
  const hashed = parseHashedName(names);
  if (hashed === undefined) return false;
  const mac = createHmac('sha1', Buffer.from(hashed.salt, 'base64')).update(lookup).digest();
  return mac.equals(Buffer.from(hashed.mac, 'base64'));
}
