/** What may change from one session with the destination to the next. */
export interface SessionOptions {
  /** The socket that all sessions share; undefined where there can be none. */
  readonly controlPath: string | undefined;
  /** Types of host keys that the host has, and that are not the one whose fingerprint is known. */
  readonly refusedKeyTypes: readonly string[];
}

/** What ssh is told about the destination's host. Paths are absolute. */
export interface HostOptions extends SessionOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Signatures with SHA-1 are accepted. */
  readonly sha1: boolean;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** `SHA256:…` or `MD5:…`: the one host key to accept, told by its fingerprint. */
  readonly fingerprint: string | undefined;
  /** ssh does not warn about what the server can't do better, at each connection. */
  readonly quiet: boolean;
}

/**
 * OpenSSH 10.1 and later warn where a server has no post-quantum key exchange (ssh_config(5), WarnWeakCrypto), and
 * CodeCommit has none. An older ssh does not know the option, and would refuse it.
 */
const quietLines = ['IgnoreUnknown WarnWeakCrypto', 'WarnWeakCrypto no-pq-kex'];

/**
 * The block of ssh_config(5) for the destination's host. It ends with `Host *`, so that lines which stood first in
 * a file keep their meaning below it. ssh takes the first value that it finds, so what stands here can't be changed
 * by those lines: neither what is run on this machine, nor where the connection goes and by what it is trusted.
 */
export function toHostBlock(options: HostOptions): string {
  const lines = [
    `HostName ${options.host}`,
    `User ${options.user}`,
    `IdentityFile ${toPath(options.identityFile)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    'PreferredAuthentications publickey',
    'BatchMode yes',
    'StrictHostKeyChecking yes',
    `UserKnownHostsFile ${toPath(options.knownHostsFile)}`,
    'GlobalKnownHostsFile none',
    'UpdateHostKeys no',
    'VerifyHostKeyDNS no',
    'NoHostAuthenticationForLocalhost no',
    `HostKeyAlias ${toKnownName(options)}`,
    ...toFingerprintLines(options.fingerprint),
    ...toAlgorithmLines(options),
    'ProxyCommand none',
    'ProxyUseFdpass no',
    'PermitLocalCommand no',
    'RemoteCommand none',
    'RequestTTY no',
    'CanonicalizeHostname no',
    'PKCS11Provider none',
    'SecurityKeyProvider internal',
    'ForwardAgent no',
    'ForwardX11 no',
    'ClearAllForwardings yes',
    'Tunnel no',
    'ConnectTimeout 30',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 4',
    ...toControlLines(options.controlPath),
    ...(options.quiet ? quietLines : []),
  ];
  return `Host ${options.host}\n${lines.map((line) => `  ${line}\n`).join('')}Host *\n`;
}

/** The name that lines of known_hosts have for the host. */
function toKnownName({ host, port }: HostOptions): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/**
 * ssh hands the key that the server offers to a command, inside the handshake and before it authenticates: the
 * command prints the key as a known_hosts line if its fingerprint is the expected one, and nothing otherwise.
 * ssh calls it once before it knows a key (%f is NONE), to choose the order of algorithms.
 */
function toFingerprintLines(fingerprint: string | undefined): string[] {
  if (fingerprint === undefined) return ['KnownHostsCommand none'];
  const test = `if [ "$1" = "${fingerprint}" ]; then echo "$2 $3 $4"; elif [ "$1" != NONE ]; then echo "offered host key $1 $3" >&2; fi`;
  return [
    `FingerprintHash ${fingerprint.startsWith('MD5:') ? 'md5' : 'sha256'}`,
    `KnownHostsCommand /bin/sh -c '${test}' sh %f %H %t %K`,
  ];
}

/**
 * CodeCommit has an RSA key and may sign with SHA-1 only. "+" appends: what is stronger wins where it is offered. "-"
 * leaves algorithms out, by patterns; those of RSA keys have other names than the keys.
 */
function toAlgorithmLines({ sha1, refusedKeyTypes }: HostOptions): string[] {
  const refused = refusedKeyTypes.flatMap((type) => [
    `${type}*`,
    ...(type === 'ssh-rsa' ? ['rsa-sha2-*'] : []),
  ]);
  const other = refused.length === 0 ? [] : [`HostKeyAlgorithms -${refused.join(',')}`];
  return sha1 ? [...other, 'HostKeyAlgorithms +ssh-rsa', 'PubkeyAcceptedAlgorithms +ssh-rsa'] : other;
}

/** The master ends by itself should this program be killed; until then we end it. */
function toControlLines(controlPath: string | undefined): string[] {
  if (controlPath === undefined) return ['ControlMaster no', 'ControlPath none'];
  // Longer than the minute that a look may wait for the source.
  return ['ControlMaster auto', `ControlPath ${toPath(controlPath)}`, 'ControlPersist 120'];
}

/** In ssh_config, quotes keep spaces; `%` begins a token (ssh_config(5), "TOKENS"). */
function toPath(path: string): string {
  return `"${path.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')}"`;
}
