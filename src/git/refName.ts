/** What git allows in no ref name (git-check-ref-format). Of control characters it forbids those of ASCII alone. */
const forbidden = [
  /(?![\u0080-\u009f])\p{Cc}|[ ~^:?*[\\]/u,
  /\.\.|@\{|\/\//,
  /^\/|\/$|\.$/,
  // Of every component of the path: a dot in front, or .lock at its end.
  /(^|\/)\./,
  /\.lock(\/|$)/,
];

/** Whether git allows a full ref name such as `refs/heads/main`. */
export function isRefName(ref: string): boolean {
  return ref.startsWith('refs/') && ref.length > 'refs/'.length && !forbidden.some((rule) => rule.test(ref));
}
