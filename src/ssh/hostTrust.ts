import { type Fault, invalid, quote } from '../faults';
import type { Fingerprint } from './fingerprints';
import { type KnownHosts, namesHost, parseKnownHosts, toFingerprint } from './knownHosts';

export type OriginName = 'Pipelines' | 'KNOWN_HOSTS' | '~/.ssh/known_hosts';

/** A text in known_hosts format, and where it comes from. */
export interface Origin {
  readonly name: OriginName;
  readonly text: string;
}

/** By what the host's key is told. At least one of the two is there; a key that either of them has is the host's. */
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

interface TrustedKey {
  readonly origin: OriginName;
  readonly keyType: string;
  readonly key: string;
  readonly fingerprint: Fingerprint;
}

interface Evidence {
  readonly keys: readonly TrustedKey[];
  readonly revoked: readonly TrustedKey[];
  readonly fingerprints: readonly { readonly origin: OriginName; readonly fingerprint: Fingerprint }[];
}

/**
 * Decides by what the host's key is told. A published fingerprint is above everything else: what contradicts it is
 * a fault. Without one, at least one line or fingerprint must be there. Lines of certificate authorities play no
 * part. Throws SettingsError with `host-key-unknown` or `host-key-contradicted`.
 */
export function decideHostTrust(question: HostTrustQuestion): HostTrust {
  const evidence = gatherEvidence(question);
  const trust =
    question.published === undefined
      ? trustEvidence(question, evidence)
      : trustPublished(question, question.published, evidence);
  requireNotRevoked(question, trust, evidence);
  const { host, port } = question;
  const name = port === 22 ? host : `[${host}]:${port}`;
  const lines = trust.keys.map(({ keyType, key }) => `${name} ${keyType} ${key}`);
  return { fingerprint: trust.fingerprint, knownHosts: [...new Set(lines)] };
}

/** The faults of the broken lines of KNOWN_HOSTS. Those of other origins are not the user's to write: ssh skips them, and so do we. */
export function findBrokenLines(text: string): readonly Fault[] {
  return parseKnownHosts(text).broken.map(({ lineNumber, line, reason }) => ({
    variable: 'KNOWN_HOSTS',
    code: 'variables-invalid',
    message: `KNOWN_HOSTS, line ${lineNumber}: ${reason}. The line is ${quote(line.length > 60 ? `${line.slice(0, 60)}…` : line)}.`,
    remedy:
      'A line is `<host> <key type> <key>`, as ssh-keyscan prints it, or `<host> SHA256:<fingerprint>`. Give several lines as a YAML list.',
  }));
}

interface Trusted {
  readonly fingerprint: Fingerprint | undefined;
  readonly keys: readonly TrustedKey[];
}

function gatherEvidence({ host, port, origins }: HostTrustQuestion): Evidence {
  const about = origins.map(({ name, text }) => {
    const { lines, fingerprints }: KnownHosts = parseKnownHosts(text);
    const concerns = ({ names }: { names: string }) => namesHost(names, host, port);
    return {
      lines: lines.filter(concerns).map((line) => ({ ...line, origin: name })),
      // Only KNOWN_HOSTS is ours: ssh itself would take such a line for a broken one.
      fingerprints:
        name === 'KNOWN_HOSTS'
          ? fingerprints.filter(concerns).map((line) => ({ ...line, origin: name }))
          : [],
    };
  });
  const lines = about.flatMap((each) => each.lines);
  return {
    keys: lines.filter(({ marker }) => marker === undefined),
    revoked: lines.filter(({ marker }) => marker === 'revoked'),
    fingerprints: about.flatMap((each) => each.fingerprints),
  };
}

const ask =
  'Somebody may stand between this machine and the host, or the entry is out of date. Compare the fingerprint with the page "Server fingerprints for CodeCommit" in the AWS documentation, and remove the wrong entry';

/** Where an origin's lines are kept, as the end of a remedy. */
const places: Readonly<Record<OriginName, string>> = {
  Pipelines: 'in Repository settings > Pipelines > SSH keys > Known hosts',
  KNOWN_HOSTS: 'from KNOWN_HOSTS',
  '~/.ssh/known_hosts': 'from ~/.ssh/known_hosts',
};

function trustPublished({ host }: HostTrustQuestion, published: Fingerprint, evidence: Evidence): Trusted {
  const isMd5 = published.startsWith('MD5:');
  const [entry] = evidence.fingerprints;
  if (isMd5 && entry !== undefined) throw incomparable(host, published, entry.fingerprint);
  for (const { origin, fingerprint } of [
    ...evidence.keys.map((key) => withFingerprint(key, isMd5)),
    ...evidence.fingerprints,
  ]) {
    if (fingerprint === published) continue;
    throw invalid(
      'KNOWN_HOSTS',
      `${origin} has a key for ${host} with the fingerprint ${fingerprint}, but AWS published ${published}.`,
      `${ask} ${places[origin]}.`,
      'host-key-contradicted',
    );
  }
  return { fingerprint: published, keys: evidence.keys };
}

function incomparable(host: string, published: Fingerprint, fingerprint: Fingerprint) {
  return invalid(
    'KNOWN_HOSTS',
    `KNOWN_HOSTS has the fingerprint ${fingerprint} for ${host}, which cannot be compared with the one that AWS published, ${published}.`,
    'Leave the entry out: the published fingerprint is enough. A whole known_hosts line can be compared.',
    'host-key-contradicted',
  );
}

function withFingerprint(key: TrustedKey, isMd5: boolean): TrustedKey {
  return isMd5 ? { ...key, fingerprint: toFingerprint(key.key, 'md5') } : key;
}

function trustEvidence(question: HostTrustQuestion, { keys, fingerprints }: Evidence): Trusted {
  if (keys.length === 0 && fingerprints.length === 0) throw unknown(question);
  requireAgreement(question.host, keys);
  const [first] = fingerprints;
  if (first === undefined) return { fingerprint: undefined, keys };
  const named = keys.filter(({ fingerprint }) => fingerprint === first.fingerprint);
  const other =
    fingerprints.find(({ fingerprint }) => fingerprint !== first.fingerprint) ??
    (named.length === 0 ? keys[0] : undefined);
  if (other !== undefined) throw disagreement(question.host, first, other);
  return { fingerprint: first.fingerprint, keys: named };
}

/** One origin may have several keys of a type, as while a host changes its key; two origins must have one in common. */
function requireAgreement(host: string, keys: readonly TrustedKey[]): void {
  for (const key of keys) {
    const others = keys.filter(({ origin, keyType }) => origin !== key.origin && keyType === key.keyType);
    const own = new Set(keys.filter(({ origin }) => origin === key.origin).map((each) => each.key));
    for (const origin of new Set(others.map((each) => each.origin))) {
      const theirs = others.filter((each) => each.origin === origin);
      const [one] = theirs;
      if (one !== undefined && !theirs.some((each) => own.has(each.key))) throw disagreement(host, key, one);
    }
  }
}

interface Opinion {
  readonly origin: OriginName;
  readonly fingerprint: Fingerprint;
}

function disagreement(host: string, one: Opinion, other: Opinion) {
  const opinions = [one, other].map(({ origin, fingerprint }) => `${fingerprint} (${origin})`);
  return invalid(
    'KNOWN_HOSTS',
    `There are two different keys for ${host}: ${opinions.join(' and ')}.`,
    `Ask the host's administrator (for CodeCommit: AWS's page of server fingerprints) which one is right, and remove the other ${places[one.origin]}${one.origin === other.origin ? '' : ` or ${places[other.origin]}`}.`,
    'host-key-contradicted',
  );
}

function requireNotRevoked(
  { host }: HostTrustQuestion,
  { fingerprint, keys }: Trusted,
  { revoked }: Evidence,
): void {
  const isMd5 = fingerprint?.startsWith('MD5:') ?? false;
  const line = revoked.find(
    (each) =>
      keys.some(({ key }) => key === each.key) || withFingerprint(each, isMd5).fingerprint === fingerprint,
  );
  if (line === undefined) return;
  throw invalid(
    'KNOWN_HOSTS',
    `${line.origin} has the key ${line.fingerprint} of ${host} as revoked (@revoked), but it is the key to be trusted.`,
    `${ask} ${places[line.origin]}.`,
    'host-key-contradicted',
  );
}

function unknown({ host, port }: HostTrustQuestion) {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const scan = `ssh-keyscan -t rsa${port === 22 ? '' : ` -p ${port}`} ${host}`;
  return invalid(
    'KNOWN_HOSTS',
    `The host key of ${name} is not known: AWS has published no fingerprint for it that this version has, and no known_hosts line names it.`,
    `Run \`${scan}\`, compare the fingerprint of what it prints (\`${scan} | ssh-keygen -lf -\`) with the page "Server fingerprints for CodeCommit" in the AWS documentation, or ask the host's administrator; then put the line into KNOWN_HOSTS, or the host into Repository settings > Pipelines > SSH keys > Known hosts. \`${name} SHA256:<fingerprint>\` in KNOWN_HOSTS will do too.`,
    'host-key-unknown',
  );
}
