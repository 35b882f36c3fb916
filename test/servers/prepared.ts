import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './git';

/** Names the folder that `test/prepare.ts` makes for one test run. Without it nothing is kept. */
export const preparedVariable = 'CODECOMMIT_MIRROR_PREPARED';

/**
 * Puts into `to` what `make` writes into a folder. In a test run, `make` is called once for each `key`, which must name
 * everything that the result depends on; after that the folder is copied.
 */
export async function copyPrepared(
  key: readonly unknown[],
  to: string,
  make: (folder: string) => Promise<unknown>,
): Promise<void> {
  const root = process.env[preparedVariable];
  if (root === undefined) return void (await make(to));
  const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex');
  const kept = join(root, digest);
  if (!existsSync(kept)) await keep(root, kept, make);
  await mkdir(to, { recursive: true });
  const ended = await run('cp', '/', ['-a', `${kept}/.`, to]);
  if (ended.exitCode !== 0) throw new Error(`cp: ${ended.stderr}`);
}

/** Two workers may make the same folder at the same time: the first one is kept. */
async function keep(root: string, kept: string, make: (folder: string) => Promise<unknown>): Promise<void> {
  const draft = await mkdtemp(join(root, 'draft-'));
  const folder = join(draft, 'folder');
  await make(folder);
  await rename(folder, kept).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(draft, { recursive: true });
}

/** All that a copy or a clone of a bare repository depends on: configuration, refs, and the names and sizes of objects. */
export async function readState(repository: string): Promise<string[]> {
  const paths = (await readdir(repository, { recursive: true })).sort();
  const texts = /^(HEAD|config|packed-refs|shallow|refs\/.*|info\/.*|objects\/info\/.*)$/;
  return await Promise.all(
    paths.map(async (path) => {
      const found = await stat(join(repository, path));
      if (!found.isFile()) return path;
      return `${path} ${texts.test(path) ? await readFile(join(repository, path), 'utf8') : found.size}`;
    }),
  );
}
