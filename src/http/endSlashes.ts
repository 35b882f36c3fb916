/** A URL, or its path, without the slashes at its end. */
export function cutEndSlashes(url: string): string {
  return url.replace(/\/+$/, '');
}
