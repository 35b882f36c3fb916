/** What git forbids in ref names (git-check-ref-format). Of the control characters, only those of ASCII. */
const forbidden = [
  /(?![\u0080-\u009f])\p{Cc}|[ ~^:?*[\\]/u,
  /\.\.|@\{|\/\//,
  /^\/|\/$|\.$/,
  // In every component of the path: a leading dot, a trailing .lock.
  /(^|\/)\./,
  /\.lock(\/|$)/,
];

/** Whether git allows a full ref name such as `refs/heads/main`. */
export function isRefName(ref: string): boolean {
  return ref.startsWith('refs/') && ref.length > 'refs/'.length && !forbidden.some((rule) => rule.test(ref));
}
