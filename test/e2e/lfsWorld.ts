import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { git, gitWith } from '../servers/git';
import { type LfsServer, openLfsServer } from '../servers/lfs';
import { openWorld, type World } from './world';

export const attributes = '*.bin filter=lfs diff=lfs merge=lfs -text\n';

/** A world whose Bitbucket keeps objects of Git LFS, and whose destination may. */
export interface LfsWorld extends World {
  /** Behind Bitbucket. */
  readonly kept: LfsServer;
  /** Behind the destination, once its git-lfs-authenticate names it. */
  readonly mirrored: LfsServer;
}

export async function openLfsWorld(): Promise<LfsWorld> {
  const world = await openWorld();
  const open = async (name: string) => {
    await mkdir(join(world.root, name));
    return await openLfsServer({ root: join(world.root, name) });
  };
  const [kept, mirrored] = [await open('kept'), await open('mirrored')];
  world.bitbucket.faults.lfs = kept.serve;
  return {
    ...world,
    pipe: (clone, variables) => world.pipe(clone, { ...variables, NO_COLOR: '1' }),
    kept,
    mirrored,
    async [Symbol.asyncDispose]() {
      await mirrored[Symbol.asyncDispose]();
      await kept[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

/** Commits these files to main of a bare repository. */
export async function commit(repository: string, files: Readonly<Record<string, string>>): Promise<void> {
  const from = await git(repository, 'for-each-ref', '--format=from %(objectname)%0a', 'refs/heads/main');
  const entries = Object.entries(files).map(
    ([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  );
  const who = 'committer Ada <ada@example.com> 1700000000 +0000';
  const input = `commit refs/heads/main\n${who}\ndata 1\nx\n${from}${from && '\n'}${entries.join('')}`;
  await gitWith({ input }, repository, 'fast-import', '--quiet');
}
