import { cutEndSlashes } from '../../http/endSlashes';

/** What a host's `url` must be. */
export const hostUrlForm = 'the address of the host, https://<host>, without a login in it';

/**
 * Whether this is an address that a token may be sent to: https, or http on this machine only. It may have a path, under
 * which some servers live, and no login, query or fragment.
 */
export function isHostUrl(value: string): boolean {
  const url = parseUrl(value);
  if (url === undefined || url.username + url.password + url.search + url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Whether this is a repository that git can read over HTTP, on the same terms. */
export function isRepositoryUrl(value: string): boolean {
  return isHostUrl(value) && new URL(value).pathname.length > 1;
}

/** As two configurations of the same host agree on it: in lower case, without the slash at its end. */
export function toNormalUrl(value: string): string {
  const { origin, pathname } = new URL(value);
  return `${origin}${cutEndSlashes(pathname)}`;
}

function parseUrl(value: string): URL | undefined {
  if (/[\p{Cc}\p{Zs}\\]/u.test(value) || !/^https?:\/\/[^/]/.test(value)) return undefined;
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
