/** Quotes a word for a POSIX shell: git runs GIT_SSH_COMMAND and credential helpers with one. */
export function toShellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
