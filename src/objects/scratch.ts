import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigSections, toConfigText } from '../git/config';
import { toGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';
import { type Refs, readCommits, selectHere, selectMissing } from '../git/objects';
import type { RefMap } from '../plan/refs';
import type { Context } from '../system/context';
import { createQueue } from '../system/queue';
import { readRegularFile } from '../system/regularFile';
import { openTemporaryFolder } from '../system/temporaryFolder';
import type { Clone } from './clone';
import { readCloneTips } from './cloneTips';

/**
 * A bare repository in a temporary folder. It borrows the clone's objects and does not change the clone. Everything
 * fetched is stored here, and everything pushed is sent from here.
 */
export interface Scratch extends AsyncDisposable {
  readonly git: Git;
  /** The repository to fetch into: this one, or the one that several borrow from. */
  readonly store: Scratch;
  /** Waits until nobody else fetches into this repository, and keeps others waiting until `work` has ended. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Commits at which the history is cut off now; a fetch may have completed it. */
  readShallow(): Promise<ReadonlySet<string>>;
  /** Which of these refs point at an object that is not here. */
  selectMissing(refs: Refs): Promise<RefMap>;
  /** The commit of each of these refs, annotated tags resolved. Refs without a commit are left out. */
  readCommits(refs: Refs): Promise<RefMap>;
  /** Lets later fetches skip what the refs of the clone reach. */
  offerTips(): Promise<void>;
  /** Bytes of all packs, in this repository and in the clone. */
  readPackBytes(): Promise<number>;
}

/** Opens the scratch repository. Disposing of it removes its folder, which has mode 0700. */
export async function openScratch(clone: Clone | undefined, context: Context): Promise<Scratch> {
  const { git, ...repository } = await openRepository(context, (folder) => borrowFromClone(folder, clone));
  const scratch: Scratch = {
    ...repository,
    git,
    get store() {
      return scratch;
    },
    alone: createQueue(),
    offerTips: () => offerTips(git, clone),
    readPackBytes: () => readPackBytes([join(git.directory, 'objects'), ...(clone ? [clone.objects] : [])]),
  };
  return scratch;
}

/**
 * Opens a scratch repository with refs of its own, from which a push does not disturb others. It has every object that
 * `store` has, including those that are fetched into `store` later.
 */
export async function openBorrower(store: Scratch, context: Context): Promise<Scratch> {
  const { directory } = store.git;
  const { git, ...repository } = await openRepository(context, (folder) => {
    writeAlternates(folder, join(directory, 'objects'));
    // A fetch changes what these contain. A link may lead nowhere: then there is no such file.
    for (const name of ['shallow', 'lfs']) symlinkSync(join(directory, name), join(folder, name));
  });
  return {
    ...repository,
    git,
    store,
    alone: store.alone,
    offerTips: store.offerTips,
    readPackBytes: async () =>
      (await store.readPackBytes()) + (await readPackBytes([join(git.directory, 'objects')])),
  };
}

/**
 * The parts that every scratch repository has. `write` adds its files. They are few and small, and every run waits for
 * them: written synchronously, they need no turns of the event loop.
 */
async function openRepository(context: Context, write: (folder: string) => void) {
  const folder = await openTemporaryFolder(context);
  try {
    writeRepository(folder.path);
    write(folder.path);
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  const env = { ...toGitEnvironment(context.env), GIT_DIR: folder.path };
  const git = createGit({ directory: folder.path, env, signal: context.signal });
  return {
    git,
    readShallow: async () => toLineSet((await readRegularFile(join(folder.path, 'shallow'))) ?? ''),
    selectMissing: (refs: Refs) => selectMissing(git, refs),
    readCommits: (refs: Refs) => readCommits(git, refs),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function toLineSet(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').filter((line) => line !== ''));
}

/** The file with the tips of the clone, one a line, which fetches offer to the other side. */
const tipsFile = 'clone-tips';

/** The minimum that git accepts as a repository (gitrepository-layout(5)); `git init` would copy its hook templates. */
function writeRepository(folder: string): void {
  mkdirSync(join(folder, 'objects', 'info'), { recursive: true });
  mkdirSync(join(folder, 'refs'));
  writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n');
  writeFileSync(join(folder, 'config'), toConfigText(configuration), { mode: 0o600 });
}

function borrowFromClone(folder: string, clone: Clone | undefined): void {
  if (clone === undefined) return;
  writeFileSync(join(folder, tipsFile), '');
  writeAlternates(folder, clone.objects);
  if (clone.shallow !== '') writeFileSync(join(folder, 'shallow'), clone.shallow);
}

/** The path is quoted: git ends an unquoted one at a newline, and reads `#` at its start as a comment. */
function writeAlternates(folder: string, objects: string): void {
  writeFileSync(join(folder, 'objects', 'info', 'alternates'), `${JSON.stringify(objects)}\n`);
}

const configuration: ConfigSections = {
  core: {
    repositoryFormatVersion: '0',
    bare: 'true',
    hooksPath: '/dev/null',
    fsmonitor: 'false',
    // The clone's own could be forged: they could claim that one commit is an ancestor of another.
    commitGraph: 'false',
    multiPackIndex: 'false',
    // Otherwise a fetch starts `git for-each-ref` in the clone. Only shell builtins are used.
    alternateRefsCommand: `while read -r oid; do echo "$oid"; done <${tipsFile}; :`,
  },
  // Background maintenance would race with the removal of the folder.
  gc: { auto: '0' },
  maintenance: { auto: 'false' },
  // When git unpacks a small fetch, it updates the modification time of the clone's packs that have the same objects.
  fetch: { unpackLimit: '1' },
  // Stops a transfer from a silent server; a remote may set its own limit.
  http: { lowSpeedLimit: '1', lowSpeedTime: '60' },
  protocol: { version: '2' },
  'protocol "ext"': { allow: 'never' },
};

async function offerTips(git: Git, clone: Clone | undefined): Promise<void> {
  if (clone === undefined) return;
  const here = await selectHere(git, await readCloneTips(clone));
  await writeFile(join(git.directory, tipsFile), here.map((oid) => `${oid}\n`).join(''));
}

async function readPackBytes(folders: readonly string[]): Promise<number> {
  const packs = folders.map((folder) => join(folder, 'pack'));
  const files = await Promise.all(
    packs.map(async (pack) => (await readdir(pack).catch(() => [])).map((name) => join(pack, name))),
  );
  const sizes = await Promise.all(files.flat().map(readSize));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes; 0 for a pack that maintenance in the clone has just removed. */
async function readSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
