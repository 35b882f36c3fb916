import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder, gone when it is disposed. */
export function makeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'codecommit-mirror-settings-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export interface KeyPair {
  readonly privateKey: string;
  /** `<type> <base64>` */
  readonly publicKey: string;
}

/** Makes a key pair with ssh-keygen and these arguments, such as `-t rsa -b 2048`. */
export function makeKey(args: string, passphrase = ''): KeyPair {
  using folder = makeFolder();
  const file = join(folder.path, 'key');
  execFileSync('ssh-keygen', ['-q', ...args.split(' '), '-N', passphrase, '-C', 'test', '-f', file]);
  const [type, base64] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { privateKey: readFileSync(file, 'utf8'), publicKey: `${type} ${base64}` };
}

/** What OpenSSH takes for the public half of a private key. */
export function toPublicKey(privateKey: string): string {
  using folder = makeFolder();
  const file = join(folder.path, 'key');
  writeFileSync(file, privateKey, { mode: 0o600 });
  const [type, base64] = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' })
    .trim()
    .split(' ');
  return `${type} ${base64}`;
}
