import { createHash, createHmac } from 'node:crypto';
import type { AwsKeys } from '../../aws/identity';

/** One repository as HTTPS names it: `host` is the authority, `host[:port]`; `path` begins with a slash. */
export interface SignedPlace {
  readonly host: string;
  readonly path: string;
  readonly region: string;
}

export interface SignedLogin {
  readonly username: string;
  readonly password: string;
}

/**
 * The user name and password by which CodeCommit knows the holder of these keys for about 15 minutes: Signature
 * Version 4 of a request `GIT <path>` whose one header is the host and whose payload hash is left empty. The
 * session token travels in the user name and is not signed. The scheme is that of AWS's git-remote-codecommit.
 */
export function signLogin(keys: AwsKeys, { host, path, region }: SignedPlace, now: Date): SignedLogin {
  const time = toTimestamp(now);
  const scope = `${time.slice(0, 8)}/${region}/codecommit/aws4_request`;
  const request = `GIT\n${path}\n\nhost:${host}\n\nhost\n`;
  const digest = createHash('sha256').update(request).digest('hex');
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`;
  const key = scope.split('/').reduce<string | Buffer>(toHmac, `AWS4${keys.secretAccessKey}`);
  const { accessKeyId, sessionToken } = keys;
  return {
    username: sessionToken === undefined ? accessKeyId : `${accessKeyId}%${sessionToken}`,
    password: `${time}Z${toHmac(key, text).toString('hex')}`,
  };
}

/** UTC as `YYYYMMDDTHHMMSS`. */
function toTimestamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\..*$/g, '');
}

function toHmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
