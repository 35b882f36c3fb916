/** A word as a POSIX shell reads it: git gives GIT_SSH_COMMAND and credential helpers to one. */
export function toShellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
