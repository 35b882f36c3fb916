import { type Fault, invalid, quote, type SettingsError } from '../faults';
import type { Fingerprint } from './fingerprints';
import { namesHost, parseKnownHosts, toFingerprint } from './knownHosts';

export type OriginName = 'Pipelines' | 'KNOWN_HOSTS' | '~/.ssh/known_hosts';

/** A text in known_hosts format, and where it comes from. */
export interface Origin {
  readonly name: OriginName;
  readonly text: string;
}

/** How the host is verified. At least one of the two is present; a key that matches either is the host's. */
export interface HostTrust {
  readonly fingerprint: Fingerprint | undefined;
  /** Lines `name type key` that ssh matches for this host and port. */
  readonly knownHosts: readonly string[];
}

export interface HostTrustQuestion {
  readonly host: string;
  readonly port: number;
  readonly published: Fingerprint | undefined;
  readonly origins: readonly Origin[];
}

interface Opinion {
  readonly origin: OriginName;
  readonly fingerprint: Fingerprint;
}

interface HostKey extends Opinion {
  readonly keyType: string;
  readonly key: string;
}

/**
 * Decides how the host is verified. A published fingerprint overrides everything else: whatever contradicts it is a
 * fault. Without one, there must be at least one line or fingerprint. Lines of certificate authorities are ignored.
 * Throws SettingsError with `host-key-unknown` or `host-key-contradicted`.
 */
export function decideHostTrust(question: HostTrustQuestion): HostTrust {
  const { host, port, published } = question;
  const evidence = readEvidence(question);
  const fingerprint = published ?? evidence.fingerprints[0]?.fingerprint;
  const algorithm = fingerprint?.startsWith('MD5:') ? 'md5' : 'sha256';
  const withFingerprint = (key: Omit<HostKey, 'fingerprint'>): HostKey => {
    return { ...key, fingerprint: toFingerprint(key.key, algorithm) };
  };
  const keys = evidence.keys.map(withFingerprint);
  if (published === undefined) requireAgreement(question, keys, evidence.fingerprints);
  else requirePublished(host, published, keys, evidence.fingerprints);
  const trusted = keys.filter((key) => fingerprint === undefined || key.fingerprint === fingerprint);
  const revoked = evidence.revoked.map(withFingerprint).find((each) => {
    return each.fingerprint === fingerprint || trusted.some(({ key }) => key === each.key);
  });
  if (revoked !== undefined) throw isRevoked(host, revoked);
  const lines = trusted.map(({ keyType, key }) => `${toName(host, port)} ${keyType} ${key}`);
  return { fingerprint, knownHosts: [...new Set(lines)] };
}

/** The faults of the broken lines of KNOWN_HOSTS. The user does not maintain the other origins: ssh skips them, and so do we. */
export function findBrokenLines(text: string): readonly Fault[] {
  return parseKnownHosts(text).broken.map(({ lineNumber, line, reason }) => ({
    variable: 'KNOWN_HOSTS',
    code: 'variables-invalid',
    message: `KNOWN_HOSTS, line ${lineNumber}: ${reason}. The line is ${quote(line.length > 60 ? `${line.slice(0, 60)}…` : line)}.`,
    remedy:
      'A line is `<host> <key type> <key>`, as ssh-keyscan prints it, or `<host> SHA256:<fingerprint>`. Give several lines as a YAML list.',
  }));
}

/** What the origins say about the host. ssh itself knows no fingerprint lines, so only KNOWN_HOSTS may have them. */
function readEvidence({ host, port, origins }: HostTrustQuestion) {
  const concerns = ({ names }: { names: string }) => namesHost(names, host, port);
  const found = origins.map(({ name: origin, text }) => ({ origin, ...parseKnownHosts(text) }));
  const lines = found.flatMap(({ origin, lines: all }) =>
    all.filter(concerns).map((line) => ({ ...line, origin })),
  );
  const own = found.filter(({ origin }) => origin === 'KNOWN_HOSTS');
  return {
    keys: lines.filter(({ marker }) => marker === undefined),
    revoked: lines.filter(({ marker }) => marker === 'revoked'),
    fingerprints: own.flatMap(({ origin, fingerprints }) =>
      fingerprints.filter(concerns).map(({ fingerprint }): Opinion => ({ origin, fingerprint })),
    ),
  };
}

function requirePublished(
  host: string,
  published: Fingerprint,
  keys: readonly HostKey[],
  fingerprints: readonly Opinion[],
): void {
  const [entry] = published.startsWith('MD5:') ? fingerprints : [];
  if (entry !== undefined) throw incomparable(host, published, entry.fingerprint);
  const wrong = [...keys, ...fingerprints].find(({ fingerprint }) => fingerprint !== published);
  if (wrong !== undefined) throw contradictsPublished(host, published, wrong);
}

/** All fingerprints must be the same, and one of the keys, if there are any, must have it. */
function requireAgreement(
  { host, port }: HostTrustQuestion,
  keys: readonly HostKey[],
  fingerprints: readonly Opinion[],
): void {
  const [first] = fingerprints;
  if (keys.length === 0 && first === undefined) throw unknown(host, port);
  requireCommonKeys(host, keys);
  if (first === undefined) return;
  const differs = ({ fingerprint }: Opinion) => fingerprint !== first.fingerprint;
  const other = fingerprints.find(differs) ?? (keys.every(differs) ? keys[0] : undefined);
  if (other !== undefined) throw disagreement(host, first, other);
}

/** One origin may have several keys of a type, as while a host changes its key; two origins must have one in common. */
function requireCommonKeys(host: string, keys: readonly HostKey[]): void {
  for (const one of keys) {
    const own = new Set(keys.filter(({ origin }) => origin === one.origin).map(({ key }) => key));
    const others = keys.filter(({ origin, keyType }) => origin !== one.origin && keyType === one.keyType);
    const agrees = (other: HostKey) =>
      others.some(({ origin, key }) => origin === other.origin && own.has(key));
    const other = others.find((each) => !agrees(each));
    if (other !== undefined) throw disagreement(host, one, other);
  }
}

function contradicted(message: string, remedy: string): SettingsError {
  return invalid('KNOWN_HOSTS', message, remedy, 'host-key-contradicted');
}

const compare =
  'This may be a man-in-the-middle attack, or the entry is out of date. Compare the fingerprint with the page "Server fingerprints for CodeCommit" in the AWS documentation, and remove the wrong entry';

/** Where an origin's lines are kept, as the end of a remedy. */
const places: Readonly<Record<OriginName, string>> = {
  Pipelines: 'in Repository settings > Pipelines > SSH keys > Known hosts',
  KNOWN_HOSTS: 'from KNOWN_HOSTS',
  '~/.ssh/known_hosts': 'from ~/.ssh/known_hosts',
};

const contradictsPublished = (host: string, published: Fingerprint, { origin, fingerprint }: Opinion) =>
  contradicted(
    `${origin} has a key for ${host} with the fingerprint ${fingerprint}, but AWS published ${published}.`,
    `${compare} ${places[origin]}.`,
  );

const incomparable = (host: string, published: Fingerprint, fingerprint: Fingerprint) =>
  contradicted(
    `KNOWN_HOSTS has the fingerprint ${fingerprint} for ${host}, which can't be compared with the one that AWS published, ${published}.`,
    'Remove the entry: the published fingerprint is enough. A whole known_hosts line can be compared.',
  );

const disagreement = (host: string, one: Opinion, other: Opinion) =>
  contradicted(
    `There are two different keys for ${host}: ${one.fingerprint} (${one.origin}) and ${other.fingerprint} (${other.origin}).`,
    `Ask the host's administrator (for CodeCommit: AWS's page of server fingerprints) which one is right, and remove the other ${places[one.origin]}${one.origin === other.origin ? '' : ` or ${places[other.origin]}`}.`,
  );

const isRevoked = (host: string, { origin, fingerprint }: Opinion) =>
  contradicted(
    `${origin} marks the key ${fingerprint} of ${host} as revoked (@revoked), but it is the key to trust.`,
    `${compare} ${places[origin]}.`,
  );

/** As ssh looks it up. */
function toName(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function unknown(host: string, port: number): SettingsError {
  const name = toName(host, port);
  const scan = `ssh-keyscan -t rsa${port === 22 ? '' : ` -p ${port}`} ${host}`;
  return invalid(
    'KNOWN_HOSTS',
    `The host key of ${name} is not known: this version contains no fingerprint that AWS published for it, and no known_hosts line names it.`,
    `Run \`${scan}\`. Compare the fingerprint of its output (\`${scan} | ssh-keygen -lf -\`) with the page "Server fingerprints for CodeCommit" in the AWS documentation, or ask the host's administrator. Then put the line into KNOWN_HOSTS, or the host into Repository settings > Pipelines > SSH keys > Known hosts. \`${name} SHA256:<fingerprint>\` in KNOWN_HOSTS works too.`,
    'host-key-unknown',
  );
}
