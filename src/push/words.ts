/** The maximum length of a quote. */
const wordsLength = 400;

/**
 * What the server (`remote: …`) and git itself (`error: …`) reported about a push, in one line, without progress and
 * hints. Undefined if they reported nothing.
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
 * Whether a push was refused because of its size, in the words of git's receive.maxInputSize, GitHub and proxies. 411
 * is a proxy's response to a chunked body, which git sends above http.postBuffer. This only makes the next attempt
 * smaller, so a server gains nothing by lying.
 */
export function isTooLarge(stderr: string): boolean {
  return /exceeds maximum allowed size|HTTP 41[13]|pack (is )?too (big|large)/i.test(stderr);
}
