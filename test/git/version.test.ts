import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGit } from '../../src/git/git';
import { readGitVersion } from '../../src/git/version';
import { openFolder } from '../servers/folder';

test.each([
  ['git version 2.39.5', '2.39.5'],
  ['git version 2.39.5 (Apple Git-154)', '2.39.5'],
  ['git version 2.47.1.windows.1', '2.47.1'],
  ['git version 2.32.0', '2.32.0'],
  ['git version 3.0.0-rc1', '3.0.0'],
  ['git version 2.31.8', undefined],
  ['git version 1.8.3.1', undefined],
])('%s: %s', async (said, expected) => {
  await using folder = await openFolder();
  await mkdir(join(folder.path, 'bin'));
  await writeFile(join(folder.path, 'bin', 'git'), `#!/bin/sh\necho '${said}'\n`, { mode: 0o755 });
  const env = { PATH: `${join(folder.path, 'bin')}:/usr/bin:/bin` };
  const version = readGitVersion(
    createGit({ directory: folder.path, env, signal: new AbortController().signal }),
  );
  if (expected !== undefined) expect(await version).toBe(expected);
  else
    await expect(version).rejects.toMatchObject({
      code: 'git-too-old',
      message: expect.stringContaining(said),
    });
});
