import type { Context } from '../system/context';
import { assumeRole } from './assumeRole';
import type { AwsKeys, Identity, Session } from './identity';

/** AWS's SDK has the same margin: a session this close to its end is renewed before it is used again. */
const renewalMilliseconds = 5 * 60_000;

/** Gives the keys to sign with. Throws MirrorError when AWS gives none. */
export type KeyReader = () => Promise<AwsKeys>;

/** Reads the keys of an identity, or those of a session, which is renewed when it nears its end. */
export function createKeyReader(
  identity: Identity,
  region: string,
  context: Pick<Context, 'env' | 'log' | 'signal'>,
): KeyReader {
  if (identity.kind === 'keys') return async () => identity;
  return createSessionReader(async () => {
    const session =
      identity.kind === 'role' ? await assumeRole(identity, region, context) : await identity.read();
    const { secretAccessKey, sessionToken = '' } = session.keys;
    context.log.conceal([secretAccessKey, sessionToken]);
    return session;
  }, Date.now);
}

/** Keeps one session at a time. `now` gives milliseconds since 1970. */
export function createSessionReader(open: () => Promise<Session>, now: () => number): KeyReader {
  let session: Session | undefined;
  let renewal: Promise<Session> | undefined;
  return async () => {
    const left = session === undefined ? 0 : (session.expiresAt?.getTime() ?? Infinity) - now();
    if (session !== undefined && left > renewalMilliseconds) return session.keys;
    // Two that ask at once share one session.
    renewal ??= open().finally(() => {
      renewal = undefined;
    });
    try {
      session = await renewal;
    } catch (error) {
      // The token may have expired before the session did: what is left of the session is still good.
      if (session === undefined || left <= 0) throw error;
    }
    return session.keys;
  };
}
