import { join } from 'node:path';

/**
 * The variables that git needs: where programs and temporary files are, and how to reach the network. The user's git
 * configuration is excluded: a mirror must not depend on it.
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
  'ALL_PROXY',
  'all_proxy',
  'no_proxy',
  'NO_PROXY',
];

/**
 * What a repository that we make is made of, whatever git's defaults are: git 3 changes both (git(1),
 * GIT_DEFAULT_HASH and GIT_DEFAULT_REF_FORMAT). A git that does not know a variable takes no notice of it.
 */
export const repositoryFormats = { GIT_DEFAULT_HASH: 'sha1', GIT_DEFAULT_REF_FORMAT: 'files' };

/** The environment of every git command. */
export function toGitEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = inherited.flatMap((name): [string, string][] => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(kept),
    // git's libcurl ignores SSL_CERT_FILE, which everything else uses.
    ...(env['SSL_CERT_FILE'] ? { GIT_SSL_CAINFO: env['SSL_CERT_FILE'] } : {}),
    // git's messages are parsed, so they must be in English.
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...repositoryFormats,
  };
}

/** Variables that configure a user's own git (git(1), gitcredentials(7)), in addition to its files. */
const usersOwn = [
  'XDG_CONFIG_HOME',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_ASKPASS',
  'GIT_PROXY_SSL_CAINFO',
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'GIT_SSL_NO_VERIFY',
];

/** The environment of git with the user's own configuration: used on a workstation to read the source. */
export function toUsersGitEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const { GIT_CONFIG_GLOBAL: _global, GIT_CONFIG_NOSYSTEM: _system, ...rest } = toGitEnvironment(env);
  const own = usersOwn.flatMap((name): [string, string][] => (env[name] ? [[name, env[name]]] : []));
  return { ...rest, ...Object.fromEntries(own) };
}

/** The files of a user's own git configuration, existing or not (git-config(1), "FILES"). */
export function toUsersConfigFiles(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (env['GIT_CONFIG_GLOBAL']) return [env['GIT_CONFIG_GLOBAL']];
  const home = env['HOME'];
  const base = env['XDG_CONFIG_HOME'] || (home && join(home, '.config'));
  return [...(base ? [join(base, 'git', 'config')] : []), ...(home ? [join(home, '.gitconfig')] : [])];
}
