import type { AwsKeys } from '../../aws/identity';
import { signLogin } from '../../remote/https/sigv4';

interface Place {
  /** That of the request. */
  readonly host: string;
  readonly path: string;
}

const validMilliseconds = 15 * 60_000;

/** Checks logins over HTTPS by signing with the known keys as their holder would. `now`: milliseconds since 1970. */
export function createLoginChecker(region: string, now: () => number) {
  const known = new Map<string, AwsKeys>();
  const passwords: string[] = [];
  let expiredBefore = 0;

  function isAccepted(username: string, password: string, place: Place): boolean {
    const keys = known.get(username.split('%')[0] ?? '');
    const time = parseTime(password);
    if (keys === undefined || time === undefined) return false;
    if (Math.abs(now() - time) > validMilliseconds || time < expiredBefore) return false;
    const expected = signLogin(keys, { ...place, region }, new Date(time));
    return username === expected.username && password === expected.password;
  }
  return {
    /** Accepted so far, each once, in their order. */
    passwords,
    allow: (keys: AwsKeys) => void known.set(keys.accessKeyId, keys),
    /** Every login that was signed before this moment counts as expired. */
    expire: (before: Date) => {
      expiredBefore = before.getTime();
    },
    /** `authorization` is the header of HTTP's Basic scheme. */
    check(authorization: string, place: Place): boolean {
      const [, encoded = ''] = /^Basic (\S+)$/.exec(authorization) ?? [];
      const [, username = '', password = ''] =
        /^([^:]*):(.*)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
      const accepted = isAccepted(username, password, place);
      if (accepted && !passwords.includes(password)) passwords.push(password);
      return accepted;
    },
  };
}

/** From the `YYYYMMDDTHHMMSSZ` that a password begins with, to milliseconds since 1970. */
function parseTime(password: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z[0-9a-f]{64}$/.exec(password) ?? [];
  if (year === undefined) return undefined;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}
