import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigSections, toConfigText } from '../git/config';
import { toGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';
import { type Refs, readCommits, selectHere, selectMissing } from '../git/objects';
import type { RefMap } from '../plan/refs';
import type { Context } from '../system/context';
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
  const folder = await openTemporaryFolder(context);
  try {
    await writeRepository(folder.path, clone);
    await writeFile(join(folder.path, 'config'), toConfigText(configuration), { mode: 0o600 });
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  const env = { ...toGitEnvironment(context.env), GIT_DIR: folder.path };
  const git = createGit({ directory: folder.path, env, signal: context.signal });
  return {
    git,
    readShallow: async () => toLineSet((await readRegularFile(join(folder.path, 'shallow'))) ?? ''),
    selectMissing: (refs) => selectMissing(git, refs),
    readCommits: (refs) => readCommits(git, refs),
    offerTips: () => offerTips(git, clone),
    readPackBytes: () => readPackBytes([join(folder.path, 'objects'), ...(clone ? [clone.objects] : [])]),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function toLineSet(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').filter((line) => line !== ''));
}

/** The file with the tips of the clone, one a line, which fetches offer to the other side. */
const tipsFile = 'clone-tips';

/** The minimum that git accepts as a repository (gitrepository-layout(5)); `git init` would copy its hook templates. */
async function writeRepository(folder: string, clone: Clone | undefined) {
  await mkdir(join(folder, 'objects', 'info'), { recursive: true });
  await mkdir(join(folder, 'refs'));
  await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/main\n');
  if (clone === undefined) return;
  await writeFile(join(folder, tipsFile), '');
  // The path is quoted: git ends an unquoted one at a newline, and reads `#` at its start as a comment.
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${JSON.stringify(clone.objects)}\n`);
  if (clone.shallow !== '') await writeFile(join(folder, 'shallow'), clone.shallow);
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
