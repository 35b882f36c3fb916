/** As much of a server's words as a reader takes in. */
const wordsLength = 400;

/**
 * What the server (`remote: …`) and git itself (`error: …`) said of a push, in one line, without progress and hints.
 * Undefined where they said nothing.
 */
export function toServerWords(stderr: string): string | undefined {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, '').trim())
    .filter(
      (line) =>
        /^(remote|error): ?\S/.test(line) && !/\d+%|, done\.|^error: failed to push some refs/.test(line),
    )
    .map((line) => line.replace(/^remote: (error: )?/, ''));
  const words = [...new Set(lines)].join(' / ');
  if (words === '') return undefined;
  return words.length > wordsLength ? `${words.slice(0, wordsLength)}…` : words;
}

/**
 * Whether a push was refused for its size, as git's receive.maxInputSize, GitHub and proxies say it; 411 is a proxy's
 * answer to a body that git sends in pieces, as it does beyond http.postBuffer. It only makes the next attempt smaller, so a server that says so untruly gains nothing.
 */
export function isTooLarge(stderr: string): boolean {
  return /exceeds maximum allowed size|HTTP 41[13]|pack (is )?too (big|large)/i.test(stderr);
}
