/**
 * What git needs of its surroundings: where programs and temporary files are, and how this machine reaches the
 * network. The user's git configuration is not among it: a mirror must not depend on it, nor be misled by it.
 */
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'no_proxy',
  'NO_PROXY',
];

/** The environment of every git command. */
export function toGitEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = inherited.flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(kept),
    // git's own libcurl takes no notice of the name that everything else goes by.
    ...(env['SSL_CERT_FILE'] ? { GIT_SSL_CAINFO: env['SSL_CERT_FILE'] } : {}),
    // git's messages are read, so they must be in English.
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  };
}
