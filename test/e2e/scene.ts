import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git, gitWith, grow, tick, withDate } from '../servers/git';
import { copyPrepared, readState } from '../servers/prepared';
import type { World } from './world';

/** Ref or other name → revision. Refs are short here: `heads/main`, `tags/v1`. */
export type Revisions = Readonly<Record<string, string>>;

/**
 * The repository on Bitbucket that most cases start with: 70 commits on main, so that 20 lie below the clone of
 * Pipelines; two branches and an old one, two tags within the clone's depth and an annotated one below it.
 */
export async function growSource({ source }: World): Promise<void> {
  const before = await readState(source);
  await copyPrepared(['scene', before], source, async (folder) => {
    if (folder !== source) await cp(source, folder, { recursive: true });
    await withDate(sceneDate, () => growScene(folder));
  });
}

/** Older than all that a test adds. */
const sceneDate = new Date('2025-12-01T00:00:00Z');

async function growScene(repository: string): Promise<void> {
  await grow(repository, 'main', { count: 70 });
  await grow(repository, 'feature/one', { from: 'refs/heads/main~3', count: 2 });
  await grow(repository, 'release/1.0', { from: 'refs/heads/main~62' });
  await git(repository, 'tag', 'light', 'main~2');
  await tagAnnotated(repository, 'v1', 'main~5');
  await tagAnnotated(repository, 'v0', 'main~65');
}

/** The usual scene, and `hidden/rival`: a commit on main~10 that no branch or tag of the source has. */
export async function growRival(world: World): Promise<void> {
  await growSource(world);
  await grow(world.source, 'rival', { file: 'rival', from: 'refs/heads/main~10' });
  await git(world.source, 'update-ref', 'refs/hidden/rival', 'refs/heads/rival');
  await git(world.source, 'update-ref', '-d', 'refs/heads/rival');
}

export async function tagAnnotated(repository: string, name: string, revision: string): Promise<void> {
  tick();
  await git(repository, 'tag', '--force', '--annotate', '--message', name, name, revision);
}

/** Everything that `growSource` made, as the complete ref map of a mirror. */
export const whole: Revisions = {
  'heads/main': 'heads/main',
  'heads/feature/one': 'heads/feature/one',
  'heads/release/1.0': 'heads/release/1.0',
  'tags/light': 'tags/light',
  'tags/v0': 'tags/v0',
  'tags/v1': 'tags/v1',
};

/** Puts refs of the source into the destination. */
export async function seedDestination(world: World, refs: Revisions): Promise<void> {
  // The first branch that is pushed becomes the default one; here it is main in any order.
  const refspecs = Object.entries(refs).map(([ref, revision]) => `+${revision}:refs/${ref}`);
  if (refspecs.length === 0) return;
  const { source, destination } = world;
  const before = [await readState(source), await readState(destination)];
  await copyPrepared(['seed', before, refspecs], destination, async (folder) => {
    if (folder !== destination) await cp(destination, folder, { recursive: true });
    await git(source, 'push', '--quiet', folder, ...refspecs);
  });
}

/** Full ref names and object IDs for revisions of one repository. */
export async function resolve(repository: string, refs: Revisions): Promise<Record<string, string>> {
  const entries = Object.entries(refs);
  if (entries.length === 0) return {};
  const oids = (await git(repository, 'rev-parse', ...entries.map(([, revision]) => revision))).split('\n');
  return Object.fromEntries(entries.map(([ref], index) => [`refs/${ref}`, oids[index] ?? '']));
}

/** A branch of so many commits, each with a file of 2 kB that does not compress well, as fast-import reads it. */
export function toHistory(commits: number): string {
  let seed = 1;
  const letter = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return String.fromCharCode(33 + (seed % 90));
  };
  return Array.from({ length: commits }, (_, index) => {
    const text = Array.from({ length: 2_000 }, letter).join('');
    const who = `committer Ada <ada@example.com> ${1_700_000_000 + index} +0000`;
    return `commit refs/heads/main\n${who}\ndata 1\nx\nM 100644 inline f${index % 50}\ndata 2000\n${text}\n`;
  }).join('');
}

/** Takes one object away that only the tip of main needs: the clone names it and does not have it. */
export async function breakClone({ source }: World, { dir }: { readonly dir: string }): Promise<void> {
  const packs = join(dir, '.git/objects/pack');
  const [pack = ''] = (await readdir(packs)).filter((name) => name.endsWith('.pack'));
  const content = await readFile(join(packs, pack));
  await rm(packs, { recursive: true });
  await mkdir(packs);
  const file = join(dir, '..', 'taken.pack');
  await writeFile(file, content);
  await gitWith({}, dir, '-c', 'alias.unpack=!git unpack-objects -q <', 'unpack', file);
  await rm(file);
  const blob = await git(source, 'rev-parse', 'main:main.txt');
  await rm(join(dir, '.git/objects', blob.slice(0, 2), blob.slice(2)));
}
