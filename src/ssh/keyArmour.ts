/** A PEM or OpenSSH private key as normalised text: one newline per line, nothing around it. */
export interface KeyArmour {
  /** The text after BEGIN, such as `OPENSSH PRIVATE KEY`. */
  readonly label: string;
  readonly encrypted: boolean;
  readonly pem: string;
  readonly wire: Buffer;
}

/** Why a text contains no private key. */
export type ArmourFault = 'public' | 'putty' | 'truncated' | 'bare' | 'mangled';

/**
 * Finds the private key in a text: PEM or OpenSSH format, or the base64 of one. Repairs what CI variables do to
 * newlines: CRLF, none at the end, a literal `\n`, or spaces instead.
 */
export function parseArmour(value: string): KeyArmour | ArmourFault {
  const text = value.trim();
  if (text.includes('-----BEGIN')) return parseText(text);
  const decoded = decodeBase64(text);
  if (decoded?.includes('-----BEGIN')) return parseText(decoded);
  if (isPublic(text) || (decoded !== undefined && isPublic(decoded))) return 'public';
  if (/^PuTTY-User-Key-File/.test(decoded ?? text)) return 'putty';
  // How the base64 of an OpenSSH key ("openssh-key-v1") and of DER begins.
  return /^(b3BlbnNzaC1rZXktdjE|MII)/.test(text) ? 'bare' : 'mangled';
}

/** Decodes text that is base64 and nothing else, ignoring white space. */
function decodeBase64(text: string): string | undefined {
  const packed = text.replace(/\\[nr]|\s/g, '');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(packed) ? Buffer.from(packed, 'base64').toString('utf8') : undefined;
}

function isPublic(text: string): boolean {
  return /^(ssh-|ecdsa-sha2-|sk-|AAAA[A-E]3NzaC1|AAAAE2Vj|---- BEGIN SSH2 PUBLIC KEY)/.test(text);
}

function parseText(text: string): KeyArmour | ArmourFault {
  if (/-----BEGIN [A-Z ]*PUBLIC KEY-----/.test(text)) return 'public';
  const [, label, inside] = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----(.*?)-----END \1-----/s.exec(text) ?? [];
  if (label === undefined || inside === undefined) return text.includes('-----END') ? 'mangled' : 'truncated';
  const encrypted = label.startsWith('ENCRYPTED') || /Proc-Type:\s*4,\s*ENCRYPTED/.test(inside);
  const body = inside.replace(/\\[nr]|\s/g, '');
  if (encrypted) return { label, encrypted, pem: text, wire: Buffer.alloc(0) };
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(body)) return 'mangled';
  // The line lengths of OpenSSH and of PEM (RFC 7468).
  const lines = body.match(label.startsWith('OPENSSH') ? /.{1,70}/g : /.{1,64}/g) ?? [];
  const pem = `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
  return { label, encrypted, pem, wire: Buffer.from(body, 'base64') };
}
