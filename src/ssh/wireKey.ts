import type { KeyObject } from 'node:crypto';

/** Reads length-prefixed fields of SSH's wire format (RFC 4251, 5) from an offset; stops at the end of the data. */
export function readFields(wire: Buffer, offset: number, count: number): readonly Buffer[] {
  const fields: Buffer[] = [];
  let at = offset;
  while (fields.length < count && at + 4 <= wire.length) {
    const end = at + 4 + wire.readUInt32BE(at);
    if (end > wire.length) break;
    fields.push(wire.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** SSH's names for the curves (RFC 5656, 10.1). */
const curves = new Map([
  ['P-256', 'nistp256'],
  ['P-384', 'nistp384'],
  ['P-521', 'nistp521'],
]);

/** Gives a public key in SSH's wire format; undefined for a type that SSH does not use. */
export function toWireKey(publicKey: KeyObject): Buffer | undefined {
  // Node can't export the others as JWK: rsa-pss, dsa, dh, x25519.
  if (!['rsa', 'ec', 'ed25519'].includes(publicKey.asymmetricKeyType ?? '')) return undefined;
  const { kty, crv, n, e, x, y } = publicKey.export({ format: 'jwk' });
  if (kty === 'RSA' && n && e) return toFields('ssh-rsa', toInteger(e), toInteger(n));
  if (kty === 'OKP' && crv === 'Ed25519' && x) return toFields('ssh-ed25519', Buffer.from(x, 'base64url'));
  const curve = curves.get(crv ?? '');
  if (kty !== 'EC' || !curve || !x || !y) return undefined;
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return toFields(`ecdsa-sha2-${curve}`, curve, point);
}

/** In SSH an integer whose first bit is set has a leading zero. Without it, it would be negative. */
function toInteger(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

function toFields(...fields: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = Buffer.from(field);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
