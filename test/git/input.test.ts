import { expect, test } from 'vitest';
import { toGitEnvironment } from '../../src/git/environment';
import { createGit } from '../../src/git/git';
import { openFolder } from '../servers/folder';

test('git gets the end of its input, also when there is nothing in it', async () => {
  await using folder = await openFolder();
  const { signal } = new AbortController();
  const git = createGit({ directory: folder.path, env: toGitEnvironment(process.env), signal });
  expect(await git.run(['stripspace'], { input: 'a\n\n\n' })).toMatchObject({ exitCode: 0, stdout: 'a\n' });
  expect(await git.run(['stripspace'], { input: '' })).toMatchObject({ exitCode: 0, stdout: '' });
});
