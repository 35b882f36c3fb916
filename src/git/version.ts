import { gitTooOld, oldestGit } from './errors';
import type { Git } from './git';

/** The version of git, such as `2.39.5`. Throws MirrorError `git-too-old` if it is older than required. */
export async function readGitVersion(git: Git): Promise<string> {
  const said = await git.read(['version']);
  // Apple and Windows add a suffix: `git version 2.39.5 (Apple Git-154)`, `2.47.1.windows.1`.
  const version = /\d+(\.\d+)+/.exec(said)?.[0] ?? '';
  if (isOlder(version, oldestGit)) throw gitTooOld(said.trim());
  return version;
}

function isOlder(version: string, oldest: string): boolean {
  const [[major = 0, minor = 0], [oldMajor = 0, oldMinor = 0]] = [version, oldest].map((text) =>
    text.split('.').map(Number),
  ) as [number[], number[]];
  return major < oldMajor || (major === oldMajor && minor < oldMinor);
}
