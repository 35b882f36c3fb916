import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBareRepository, git, gitWith, grow, readRefs } from '../servers/git';
import type { ServerName, World } from './world';

/**
 * The objects that refs of a case point at, by name. Commits `a` ← `b` ← `c`, `a` ← `side`, `merge` of `b` and `side`,
 * `root` with no ancestor in common; `blob` and `tree` of `a`; annotated tags `tag-a`, `tag-b`, `tag-blob`, and
 * `tag-tag` of `tag-a`.
 */
export type Oids = Readonly<Record<string, string>>;

/** Full ref name → name of an object. */
export type Refs = Readonly<Record<string, string>>;

export interface RefState {
  readonly title: string;
  /** Thousands of refs: not in `npm test`. */
  readonly slow?: true;
  readonly source: Refs;
  readonly destination: Refs;
  /** Symbolic refs → the ref that they name, made last. */
  readonly sourceSymrefs?: Refs;
  readonly destinationSymrefs?: Refs;
  readonly variables?: Readonly<Record<string, string>>;
  /** The server declines refs whose whole name this regular expression matches. */
  readonly declined?: string;
  /** Somebody pushes this to the destination after we have looked. */
  readonly rival?: { readonly ref: string; readonly object: string };
  /** All refs of the destination afterwards; by default as before. */
  readonly after?: Refs;
  /** 0 unless said. */
  readonly exitCode?: number;
  readonly says?: string;
}

/** Makes the repository that has all the objects; gives their IDs. */
export async function createObjects(path: string): Promise<Oids> {
  await createBareRepository(path);
  const a = await grow(path, 'a');
  const b = await grow(path, 'b', { from: a, file: 'b.txt' });
  const c = await grow(path, 'c', { from: b, file: 'b.txt' });
  const side = await grow(path, 'side', { from: a });
  const root = await grow(path, 'root');
  const merge = await git(path, 'commit-tree', `${b}^{tree}`, '-p', b, '-p', side, '-m', 'merge');
  await git(path, 'update-ref', 'refs/heads/merge', merge);
  const [blob, tree] = [
    await git(path, 'rev-parse', `${a}:a.txt`),
    await git(path, 'rev-parse', `${a}^{tree}`),
  ];
  const tag = async (name: string, object: string) => {
    await git(path, 'tag', '--annotate', '--message', name, name, object);
    return git(path, 'rev-parse', `refs/tags/${name}`);
  };
  const tagA = await tag('tag-a', a);
  const tags = { 'tag-a': tagA, 'tag-b': await tag('tag-b', b), 'tag-blob': await tag('tag-blob', blob) };
  return { a, b, c, side, root, merge, blob, tree, ...tags, 'tag-tag': await tag('tag-tag', tagA) };
}

/** Gives a repository these refs, and the objects that they need and no others. */
export async function pushRefs(objects: string, to: string, refs: Refs, oids: Oids): Promise<void> {
  const refspecs = Object.entries(refs).map(([ref, name]) => `${oids[name]}:${ref}`);
  // Some refs of a case are such as a server would not take, and some are very many.
  const [one] = refspecs;
  if (one === undefined) return;
  const tips = [...new Set(Object.values(refs))].map((name) => `${oids[name]}:refs/setup/${name}`);
  await git(objects, 'push', '--quiet', to, ...tips);
  const updates = Object.entries(refs).map(([ref, name]) => `create ${ref} ${oids[name]}\n`);
  const cleared = [...new Set(Object.values(refs))].map((name) => `delete refs/setup/${name}\n`);
  await gitWith({ input: [...updates, ...cleared].join('') }, to, 'update-ref', '--stdin');
}

export async function setSymrefs(repository: string, symrefs: Refs = {}): Promise<void> {
  for (const [name, ref] of Object.entries(symrefs)) await git(repository, 'symbolic-ref', name, ref);
}

/** All refs as names of objects; the time in the names of backups reads `<time>`. */
export async function readNamedRefs(repository: string, oids: Oids): Promise<Refs> {
  const names = new Map(Object.entries(oids).map(([name, oid]) => [oid, name]));
  const refs = Object.entries(await readRefs(repository));
  return Object.fromEntries(
    refs.map(([ref, oid]) => [
      ref.replace(/mirror-backup\/\d{4}-\d\d-\d\dT\d{6}Z\//, 'mirror-backup/<time>/'),
      names.get(oid) ?? oid,
    ]),
  );
}

/** Each server in its own way: the sandbox has faults, git's own receive-pack has hooks. */
export async function setUpServer(server: ServerName, world: World, state: RefState, oids: Oids) {
  const { declined, rival } = state;
  if (server === 'sandbox') {
    if (declined !== undefined) world.sandbox.faults.declineRefs = new RegExp(`^${declined}$`);
    if (rival !== undefined)
      world.sandbox.faults.beforeReceive = async () => {
        await git(world.destination, 'update-ref', rival.ref, oids[rival.object] ?? '');
      };
    return;
  }
  if (declined !== undefined)
    await writeHook(world.destination, 'update', `! echo "$1" | grep -qx '${declined}'`);
  const push = rival && `unset GIT_QUARANTINE_PATH; git update-ref ${rival.ref} ${oids[rival.object]}`;
  if (push !== undefined) await writeHook(world.destination, 'pre-receive', push);
}

async function writeHook(repository: string, name: string, command: string): Promise<void> {
  const file = join(repository, 'hooks', name);
  await mkdir(join(repository, 'hooks'), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${command}\n`);
  await chmod(file, 0o755);
}
