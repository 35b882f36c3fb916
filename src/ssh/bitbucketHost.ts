/**
 * Since 2026-11-12, bitbucket.org answers over HTTPS only; git over SSH is at ssh.bitbucket.org (Atlassian Community,
 * "Bitbucket Cloud SSH host is changing", article 3234032). Everything else stays: port, user, paths and keys.
 */
export const formerSshHost = 'bitbucket.org';
export const sshHost = 'ssh.bitbucket.org';

/** The day that the former host stopped to answer over SSH. */
export const movedOn = '2026-11-12';

/** The Ed25519 host key that Atlassian publishes (https://bitbucket.org/site/ssh), for both names. */
export const publishedKey =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIazEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu+UUO';

/** The URL with the new host, if it is an ssh:// URL of the former one on SSH's own port; otherwise undefined. */
export function findMovedUrl(url: string): string | undefined {
  const [, user = '', port = '', path] = /^ssh:\/\/([^/@]*@)?bitbucket\.org(:22)?(\/.*)$/i.exec(url) ?? [];
  return path === undefined ? undefined : `ssh://${user}${sshHost}${port}${path}`;
}
