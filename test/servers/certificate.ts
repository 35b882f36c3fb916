import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFolder } from './folder';
import { run } from './git';

/** A certificate that signs itself, for an IP address or a DNS name. PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Makes a certificate with openssl; `name` is as openssl spells it: `IP:127.0.0.1` or `DNS:example.org`. */
export async function createCertificate(name = 'IP:127.0.0.1'): Promise<Certificate> {
  await using folder = await openFolder();
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=codecommit'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
  const made = await run('openssl', folder.path, [
    'req',
    ...options,
    ...files,
    '-addext',
    `subjectAltName=${name}`,
  ]);
  if (made.exitCode !== 0) throw new Error(`openssl: ${made.stderr}`);
  const read = (file: string) => readFile(join(folder.path, file), 'utf8');
  return { key: await read('key.pem'), cert: await read('cert.pem') };
}
