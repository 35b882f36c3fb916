import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isAnyOf } from '../../hosts/webhooks/delivery';
import { isLocal } from '../listener';

/** Who may see the page. */
export interface Access {
  /** The token that opens it; undefined where this machine alone can reach it. */
  readonly token: string | undefined;
  /**
   * Whether the page is asked for by a name that may lead here. Without a token the name must be this machine's: a name of
   * somebody else that leads to 127.0.0.1 would open the page to the scripts of that somebody.
   */
  isExpectedHost(request: IncomingMessage): boolean;
  /** Whether this request may see the page: by its session, or, as monitoring does, by the token as a bearer token. */
  isOpenFor(request: IncomingMessage): boolean;
  /** Checks a token; gives the cookie of a new session. */
  logIn(token: string): string | undefined;
  /** What forms of this visitor carry. */
  csrfOf(request: IncomingMessage): { readonly csrf: string; readonly cookie: string | undefined };
  /** Whether a form comes from a page of ours. */
  isOurs(request: IncomingMessage, csrf: string): boolean;
}

const sessionCookie = 'mirrors_session';
const csrfCookie = 'mirrors_csrf';

/** Hours that a login lasts. */
const hours = 12;

/** `isSecure`: the page is reached over HTTPS, by a proxy in front of it. */
export function createAccess(token: string | undefined, isSecure: boolean, now: () => number): Access {
  const sessions = new Map<string, number>();
  const flags = `; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return {
    token,
    isExpectedHost({ headers }) {
      const host = `http://${headers.host ?? ''}`;
      if (token !== undefined) return true;
      return URL.canParse(host) && isLocal(new URL(host).hostname.replace(/^\[|\]$/g, ''));
    },
    isOpenFor(request) {
      if (token === undefined) return true;
      const [, bearer] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
      if (bearer !== undefined) return isAnyOf(bearer, [token]);
      const end = sessions.get(readCookie(request, sessionCookie) ?? '');
      return end !== undefined && end > now();
    },
    logIn(given) {
      if (token === undefined || !isAnyOf(given, [token])) return undefined;
      for (const [id, end] of sessions) if (end <= now()) sessions.delete(id);
      const id = randomBytes(32).toString('base64url');
      sessions.set(id, now() + hours * 3_600_000);
      return `${sessionCookie}=${id}; Max-Age=${hours * 3_600}${flags}`;
    },
    csrfOf(request) {
      const known = readCookie(request, csrfCookie);
      if (known !== undefined && /^[\w-]{43}$/.test(known)) return { csrf: known, cookie: undefined };
      const csrf = randomBytes(32).toString('base64url');
      return { csrf, cookie: `${csrfCookie}=${csrf}${flags}` };
    },
    isOurs(request, csrf) {
      const site = request.headers['sec-fetch-site'];
      if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
      const known = readCookie(request, csrfCookie);
      return known !== undefined && isAnyOf(csrf, [known]);
    },
  };
}

function readCookie({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(/; */).map((pair) => pair.split('='));
  return pairs.find(([key]) => key === name)?.[1];
}
