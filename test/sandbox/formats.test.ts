import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createRepository } from '../../src/sandbox/repository';
import { openFolder } from '../servers/folder';
import { createBareRepository, git, run } from '../servers/git';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A git whose default is SHA-256, as that of git 3 is: the environment and options of the caller come first. */
async function useNewerGit(folder: string): Promise<void> {
  const { stdout } = await run('sh', '/', ['-c', 'command -v git']);
  const script = `#!/bin/sh
GIT_DEFAULT_HASH=\${GIT_DEFAULT_HASH:-sha256} exec '${stdout.trim()}' "$@"
`;
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'git'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
}

test.each([
  ['the sandbox', (folder: string) => createRepository(folder, 'app')],
  ['the tests', (folder: string) => createBareRepository(join(folder, 'app.git'))],
])('a repository of %s has SHA-1 object IDs, whatever the default of git is', async (_whose, create) => {
  await using folder = await openFolder();
  await useNewerGit(folder.path);
  expect(await git(await create(folder.path), 'rev-parse', '--show-object-format')).toBe('sha1');
});

test('the stand-in for a newer git has another default', async () => {
  await using folder = await openFolder();
  await useNewerGit(folder.path);
  const path = join(folder.path, 'plain');
  await run('git', '/', ['init', '--quiet', path], { env: { GIT_DEFAULT_HASH: '' } });
  expect(await git(path, 'rev-parse', '--show-object-format')).toBe('sha256');
});
