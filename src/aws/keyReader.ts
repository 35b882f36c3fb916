import type { Context } from '../system/context';
import type { AwsKeys, Identity, Session } from './identity';

/** A session is renewed this long before it expires. AWS's SDK uses the same margin. */
const renewalMilliseconds = 5 * 60_000;

/** Returns the keys to sign with. Throws MirrorError if AWS provides none. */
export type KeyReader = () => Promise<AwsKeys>;

/** Reads the keys of an identity; a session is renewed before it expires. */
export function createKeyReader(
  identity: Identity,
  region: string,
  context: Pick<Context, 'env' | 'log' | 'signal'>,
): KeyReader {
  if (identity.kind === 'keys') return async () => identity;
  return createSessionReader(async () => {
    const session = await openSession(identity, region, context);
    const { secretAccessKey, sessionToken = '' } = session.keys;
    context.log.conceal([secretAccessKey, sessionToken]);
    return session;
  }, Date.now);
}

/** Signing needs no HTTP client, so it is loaded only for a role. */
async function openSession(
  identity: Exclude<Identity, AwsKeys>,
  region: string,
  context: Pick<Context, 'env' | 'log' | 'signal'>,
): Promise<Session> {
  if (identity.kind !== 'role') return await identity.read();
  const { assumeRole } = await import('./assumeRole');
  return await assumeRole(identity, region, context);
}

/** Keeps one session at a time. `now` returns milliseconds since 1970. */
export function createSessionReader(open: () => Promise<Session>, now: () => number): KeyReader {
  let session: Session | undefined;
  let renewal: Promise<Session> | undefined;
  return async () => {
    const left = session === undefined ? 0 : (session.expiresAt?.getTime() ?? Infinity) - now();
    if (session !== undefined && left > renewalMilliseconds) return session.keys;
    // Concurrent callers share one session.
    renewal ??= open().finally(() => {
      renewal = undefined;
    });
    try {
      session = await renewal;
    } catch (error) {
      // The token may expire before the session: the rest of the session is still valid.
      if (session === undefined || left <= 0) throw error;
    }
    return session.keys;
  };
}
