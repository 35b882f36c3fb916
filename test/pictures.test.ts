// @module-tag slow
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder } from './servers/folder';
import { run } from './servers/git';

const root = resolve(import.meta.dirname, '..');

test('the pictures in docs/ are what a run shows today; npm run docs draws them', async () => {
  await using folder = await openFolder();
  const drawn = await run('node', root, ['scripts/pictures.mjs', folder.path]);
  expect(drawn.exitCode, drawn.stderr).toBe(0);
  for (const name of ['plan.svg', 'run.svg']) {
    const svg = await readFile(join(folder.path, name), 'utf8');
    expect(await readFile(join(root, 'docs', name), 'utf8'), name).toBe(svg);
    // Both kinds of page, and those who can't see it.
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
    expect(svg).toMatch(
      /aria-labelledby="title desc">\n<title id="title">.+<\/title>\n<desc id="desc">.+<\/desc>/,
    );
  }
});
