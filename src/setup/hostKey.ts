import ssh2 from 'ssh2';
import { destinationUnreachable, hostKeyRefused } from '../destination/errors';
import { type Fingerprint, publishedFingerprint } from '../settings/fingerprints';
import { decideHostTrust } from '../settings/hostTrust';
import { toFingerprint } from '../settings/knownHosts';
import { readFields } from '../settings/wireKey';
import type { HostEntry } from './bitbucket';
import type { SetupRequest } from './request';

/** The key of the git host, after it was held against what is known of it. */
export interface HostKey extends HostEntry {
  readonly fingerprint: Fingerprint;
  /** Who says so. */
  readonly origin: 'AWS' | 'KNOWN_HOSTS';
}

const handshakeMilliseconds = 30_000;

/**
 * Fetches the host key and gives it when it is the one that AWS published, or that KNOWN_HOSTS has. Throws
 * SettingsError or MirrorError: `host-key-unknown`, `host-key-contradicted`, `destination-unreachable`.
 */
export async function readHostKey(
  { host, port, knownHosts }: Pick<SetupRequest, 'host' | 'port' | 'knownHosts'>,
  signal: AbortSignal,
): Promise<HostKey> {
  const published = publishedFingerprint(host, port);
  const trust = decideHostTrust({
    host,
    port,
    published,
    origins: [{ name: 'KNOWN_HOSTS', text: knownHosts }],
  });
  const wire = await fetchHostKey(host, port, signal);
  const [type = Buffer.alloc(0)] = readFields(wire, 0, 1);
  const entry = { host, port, keyType: type.toString(), key: wire.toString('base64') };
  const isMd5 = trust.fingerprint?.startsWith('MD5:') ?? false;
  const fingerprint = toFingerprint(entry.key, isMd5 ? 'md5' : 'sha256');
  const isListed = trust.knownHosts.some((line) => line.endsWith(` ${entry.keyType} ${entry.key}`));
  const isTrusted = trust.fingerprint === undefined ? isListed : fingerprint === trust.fingerprint;
  if (!isTrusted) throw hostKeyRefused(host, trust.fingerprint, fingerprint);
  return { ...entry, fingerprint, origin: published === undefined ? 'KNOWN_HOSTS' : 'AWS' };
}

/** Gives the key in SSH's wire format. The handshake ends with it: nobody logs in. */
function fetchHostKey(host: string, port: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    const stop = () => {
      client.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    client.on('close', () => signal.removeEventListener('abort', stop));
    // After the key was refused below, an error says just that: the promise is settled then.
    client.on('error', (error) => reject(destinationUnreachable(host, port, error.message)));
    client.connect({
      host,
      port,
      username: 'nobody',
      readyTimeout: handshakeMilliseconds,
      algorithms: { serverHostKey: ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] },
      hostVerifier: (key: Buffer) => {
        resolve(key);
        return false;
      },
    });
  });
}
