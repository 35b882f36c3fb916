import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * Makes a certificate that signs itself, valid for two days, for these IPv4 addresses and DNS names. Written here, in the
 * form of RFC 5280: Node makes none, and the image has no openssl.
 */
export function createCertificate(names: readonly string[] = ['127.0.0.1']): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const subject = toSequence(
    toSet(toSequence(toOid('550403'), toDer(utf8String, Buffer.from('codecommit')))),
  );
  const body = toSequence(
    toDer(explicit(0), toDer(integer, Buffer.from([2]))),
    toDer(integer, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    subject,
    toSequence(toTime(-day), toTime(day)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    toDer(explicit(3), toSequence(toAlternativeNames(names))),
  );
  const cert = toSequence(body, ecdsaWithSha256, toBits(sign('sha256', body, privateKey)));
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: toPem(cert),
  };
}

function toPem(cert: Buffer): string {
  const lines = cert.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Milliseconds. */
const day = 86_400_000;

/** Tags of DER (X.690, 8.1.2). */
const [integer, bitString, octetString, oid, utf8String] = [0x02, 0x03, 0x04, 0x06, 0x0c];
const [sequence, set, utcTime] = [0x30, 0x31, 0x17];
const explicit = (number: number) => 0xa0 + number;

function toDer(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const toSequence = (...parts: readonly Buffer[]) => toDer(sequence, Buffer.concat(parts));
const toSet = (...parts: readonly Buffer[]) => toDer(set, Buffer.concat(parts));
const toOid = (hex: string) => toDer(oid, Buffer.from(hex, 'hex'));
const toBits = (content: Buffer) => toDer(bitString, Buffer.concat([Buffer.from([0]), content]));

/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = toSequence(toOid('2a8648ce3d040302'));

/** `YYMMDDHHMMSSZ`, this many milliseconds from now. */
function toTime(fromNow: number): Buffer {
  const text = new Date(Date.now() + fromNow).toISOString().replace(/^20|[-:T]|\.\d+/g, '');
  return toDer(utcTime, Buffer.from(text));
}

/** 2.5.29.17; in it 2 tags a DNS name and 7 an IP address. */
function toAlternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIPv4(name) ? toDer(0x87, Buffer.from(name.split('.').map(Number))) : toDer(0x82, Buffer.from(name)),
  );
  return toSequence(toOid('551d11'), toDer(octetString, toSequence(...entries)));
}
