import type { AuthContext, ParsedKey, PublicKeyAuthContext } from 'ssh2';
import type { SandboxCounts } from '../counts';
import type { SandboxFaults } from '../faults';

export interface AuthenticationRules {
  /** The one RSA public key of each SSH key ID. */
  readonly keys: ReadonlyMap<string, ParsedKey>;
  readonly faults: SandboxFaults;
  readonly counts: SandboxCounts;
}

/** Returns the function that decides on the authentication requests of one connection. */
export function createAuthenticator(rules: AuthenticationRules): (request: AuthContext) => void {
  const offered = new Set<string>();
  return (request) => {
    if (request.method !== 'publickey') {
      request.reject(['publickey']);
      return;
    }
    // OpenSSH asks about a key before it signs with it: the same key, offered once.
    const key = request.key.data.toString('base64');
    if (!offered.has(key)) rules.counts.offeredKeys += 1;
    offered.add(key);
    decide(rules, request);
  };
}

function decide(rules: AuthenticationRules, request: PublicKeyAuthContext): void {
  if (!isAccepted(rules, request)) {
    request.reject(['publickey']);
    return;
  }
  if (request.signature !== undefined) rules.counts.authentications += 1;
  request.accept();
}

/** Whether this is the key of that user and, once there is a signature, whether the signature is the key's. */
function isAccepted({ keys, faults }: AuthenticationRules, request: PublicKeyAuthContext): boolean {
  const key = keys.get(request.username);
  if (key === undefined || faults.refuseKeys === true) return false;
  if (request.key.algo !== 'ssh-rsa' || !request.key.data.equals(key.getPublicSSH())) return false;
  if (request.signature === undefined) return true;
  return request.blob !== undefined && key.verify(request.blob, request.signature, request.hashAlgo);
}
