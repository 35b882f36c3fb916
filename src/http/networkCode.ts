/** Node's code of a network or TLS error, or of its cause. */
export function findNetworkCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code !== undefined && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : findNetworkCode(error.cause);
}

/** Codes of OpenSSL and of Node. */
export function isCertificateCode(code: string | undefined): boolean {
  return code !== undefined && /CERT|^UNABLE_TO_|^ERR_TLS/.test(code);
}
